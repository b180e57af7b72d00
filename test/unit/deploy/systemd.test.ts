import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { ROOT } from '../../../infrastructure/command.ts';
import { EXIT_CODES } from '../../../src/protocol/catalogue.ts';
import { settingsSchema } from '../../../src/settings/config.ts';

const SETTINGS = settingsSchema().properties;
const UNIT = readFileSync(join(ROOT, 'deploy/systemd/contacts-worker@.service'), 'utf8');
const TLS = readFileSync(join(ROOT, 'deploy/systemd/tls.conf'), 'utf8');
const DOCKERFILE = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');

/** Every value of a directive, in order. */
function values(text: string, directive: string): string[] {
  return [...text.matchAll(new RegExp(`^${directive}=(.*)$`, 'gm'))].map(([, value = '']) => value);
}

function variables(text: string): Record<string, string> {
  const pairs = values(text, 'Environment').flatMap((line) => line.split(' '));
  return Object.fromEntries(pairs.map((pair) => pair.split('=', 2) as [string, string]));
}

test('each variable is a setting, a setting from a file, or one of the image', () => {
  const [, image = ''] = /^ENV (.*)$/m.exec(DOCKERFILE) ?? [];
  const known = (name: string): boolean => name in SETTINGS || name.replace(/_FILE$/, '') in SETTINGS;
  const names = Object.keys({ ...variables(UNIT), ...variables(TLS) });
  const others = names.filter((name) => !known(name));
  expect(others).toEqual(['NODE_ENV', 'MALLOC_ARENA_MAX']);
  for (const name of others) expect(image).toContain(`${name}=${variables(UNIT)[name]}`);
  expect(Object.keys(variables(TLS))).toEqual(Object.keys(SETTINGS).filter((name) => name.includes('_TLS_')));
});

test('each file that a setting names is a credential', () => {
  for (const text of [UNIT, TLS]) {
    const credentials = values(text, 'LoadCredential').map((each) => `%d/${each.split(':', 1)[0]}`);
    const files = Object.values(variables(text)).filter((value) => value.startsWith('%d/'));
    expect(credentials.length).toBeGreaterThan(1);
    expect([...new Set(files)].toSorted()).toEqual(credentials.toSorted());
  }
});

test("the command is the image's, and the limit of memory that of the compose file", () => {
  const [, command = '[]'] = /^CMD (\[.*\])$/m.exec(DOCKERFILE) ?? [];
  expect(values(UNIT, 'ExecStart')).toEqual([(JSON.parse(command) as string[]).join(' ')]);
  const [, megabytes] =
    /mem_limit: \$\{WORKER_MEMORY:-(\d+)m\}/.exec(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8')) ?? [];
  expect(values(UNIT, 'MemoryMax')).toEqual([`${megabytes}M`]);
});

test('the page installs what the image holds', () => {
  const page = readFileSync(join(ROOT, 'docs/systemd.md'), 'utf8');
  const [, installed = ''] = /^cp -r (.*) \/opt\/contacts-worker\/$/m.exec(page) ?? [];
  // What later stages add is compiled code, for the user of the image.
  const [image = ''] = DOCKERFILE.split(/^ENV PATH=/m)[1]?.split(/^FROM /m) ?? [];
  const copied = [...image.matchAll(/^COPY (?:--from=\w+ )?\S+ \.\/(\S*)$/gm)].map(([line, to = '']) => {
    return to === '' ? (line.split(' ')[1] ?? '') : to;
  });
  // The page runs the health check from the checkout.
  expect(installed.split(' ').toSorted()).toEqual(copied.filter((name) => name !== 'healthcheck.mjs').toSorted());
});

test('the time to stop is above the longest stop: DRAIN_TIMEOUT_MS and seven seconds', () => {
  const setting = SETTINGS['DRAIN_TIMEOUT_MS'];
  expect(setting?.description).toContain('at most seven seconds longer');
  expect(Number(values(UNIT, 'TimeoutStopSec')[0])).toBeGreaterThan(Number(setting?.default) / 1_000 + 7);
});

test('only invalid settings prevent another start', () => {
  expect(values(UNIT, 'RestartPreventExitStatus')).toEqual([String(EXIT_CODES.config)]);
});
