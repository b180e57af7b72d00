import { describe, expect, test } from 'vitest';
import { portabilityProblems } from '../../../scripts/rules/portable-text.ts';
import { sandbox } from './sandbox.ts';

/** Joined here, so that this file does not break the rule that it tests. */
const join = (...parts: string[]): string => parts.join('');

describe('texts', () => {
  test.each([
    ['machine-path', join('cd /wo', 'rk/main')],
    ['machine-path', join('"/ro', 'ot/.config"')],
    ['machine-path', join('/ho', 'me/jane/project')],
    ['machine-path', join('(/Us', 'ers/jane/project)')],
    ['machine-path', join('C:\\Us', 'ers\\jane')],
    ['registry-host', join('https://regi', 'stry.npmjs.org/a')],
    ['registry-host', join('http://npm-pro', 'xy.example.org:8080')],
    ['registry-host', join('http://de', 'b.example.org/debian forky main')],
    ['registry-host', join('https://a.mir', 'ror.example.org/')],
    ['registry-host', join('GOPROXY=pro', 'xy.golang.org')],
  ])('%s is found in %j, with its place', (rule, text) => {
    const found = portabilityProblems(sandbox({ 'docs/a.md': `first\n${text}\n` }));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(new RegExp(`^${rule}: docs/a.md:2\n`));
  });

  test.each([
    'src/work/main and ./root/a and ~/home/a',
    'https://example.org/work/a',
    'https://www.rabbitmq.com/docs/ and https://github.com/home/a',
    'http://127.0.0.1:8080/readyz',
    'the registry of methods, a proxy.ts, mirrors',
    'file:///etc/ssl and /usr/lib/rabbitmq/bin/rabbitmq-server and /app/dist',
  ])('%j names no machine', (text) => {
    expect(portabilityProblems(sandbox({ 'docs/a.md': `${text}\n` }))).toEqual([]);
  });

  test('binary files are ignored', () => {
    expect(portabilityProblems(sandbox({ 'test/a.bin': join('\u0000 /wo', 'rk/main') }))).toEqual([]);
  });
});

describe('names', () => {
  test.each([
    'src/utils.ts',
    'src/amqp/helpers/a.ts',
    'test/common.ts',
    'src/contact-service.ts',
    'scripts/Manager.ts',
    'src/types.ts',
  ])('%s is rejected', (path) => {
    const found = portabilityProblems(sandbox({ [path]: 'export {};\n' }));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(path);
  });

  test.each(['src/dispatch/registry.ts', 'src/contact.create.ts', 'test/support/servers.ts', 'src/typesetting.ts'])(
    '%s is accepted',
    (path) => {
      expect(portabilityProblems(sandbox({ [path]: 'export {};\n' }))).toEqual([]);
    },
  );
});
