import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { settingsSchema } from '../../../src/settings/config.ts';
import { readSettingFile } from '../../../src/settings/setting-file.ts';
import { loadConfig, noFiles, problemsOf } from './load-settings.ts';

const files = (content: Record<string, string>) => (path: string) => content[path] ?? noFiles(path);

test('every setting can come from a file named by NAME_FILE', () => {
  // The settings of TLS name files themselves: tls.test.ts.
  const values = Object.entries(settingsSchema().properties).filter(([name]) => !name.includes('_TLS_'));
  const given = values.map(([name, setting]) => [name, String(setting.default ?? '^a$')]);
  const environment = Object.fromEntries(given.map(([name]) => [`${name}_FILE`, `/secrets/${name}`]));
  const content = Object.fromEntries(given.map(([name, value]) => [`/secrets/${name}`, `${value}\n`]));
  const { replyToAllow, ...config } = loadConfig(environment, files(content));
  expect({ ...config, replyToAllow: undefined }).toEqual(loadConfig({}, noFiles));
  expect(['a', 'b'].map((name) => replyToAllow?.test(name))).toEqual([true, false]);
});

test.each([
  ['line feed', 'amqp://h\n'],
  ['carriage return and line feed', 'amqp://h\r\n'],
  ['nothing', 'amqp://h'],
  ['line feed, and begins with a byte order mark,', '\uFEFFamqp://h\n'],
])('a value that ends in %s is read without it', (_, content) => {
  expect(loadConfig({ AMQP_URL_FILE: '/f' }, files({ '/f': content })).amqpUrls).toEqual(['amqp://h']);
});

test('only the last line end is dropped', () => {
  expect(problemsOf({ PREFETCH_FILE: '/f' }, files({ '/f': '5\n\n' }))).toEqual([
    'PREFETCH: must be a whole number from 1 to 2000',
  ]);
});

test('the problem of an unreadable file does not contain its path', () => {
  expect(problemsOf({ MONGODB_URL_FILE: '/secrets/x' })).toEqual([
    'MONGODB_URL: the file that MONGODB_URL_FILE names cannot be read',
  ]);
});

test('an empty file is a problem', () => {
  expect(problemsOf({ PREFETCH_FILE: '/f' }, files({ '/f': '\n' }))).toEqual([
    'PREFETCH: the file that PREFETCH_FILE names is empty',
  ]);
});

test('NAME and NAME_FILE together are a problem, whatever the file holds', () => {
  expect(problemsOf({ PREFETCH: '5', PREFETCH_FILE: '/f' }, files({ '/f': '5' }))).toEqual([
    'PREFETCH: both PREFETCH and PREFETCH_FILE are set; set one of them',
  ]);
});

test('an empty file with a byte order mark is empty', () => {
  expect(problemsOf({ PREFETCH_FILE: '/f' }, files({ '/f': '\uFEFF' }))).toEqual([
    'PREFETCH: the file that PREFETCH_FILE names is empty',
  ]);
});

test.each([
  ['a text', '\uFEFFwarn\r\n', undefined],
  ['64 KiB', 'x'.repeat(65_536), 'must be one of'],
  ['more', 'x'.repeat(65_537), 'is longer than 65536 bytes'],
  ['UTF-16', Buffer.from('\uFEFFwarn', 'utf16le'), 'is not UTF-8 text'],
  ['Latin-1', Buffer.from('wärn', 'latin1'), 'is not UTF-8 text'],
])('a file that holds %s is read, or described', (_, content, problem) => {
  const folder = mkdtempSync(join(tmpdir(), 'setting-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'value');
  writeFileSync(path, content);
  const problems = problemsOf({ LOG_LEVEL_FILE: path }, readSettingFile);
  expect(problems).toHaveLength(problem === undefined ? 0 : 1);
  expect(problems[0] ?? '').toContain(problem ?? '');
  expect(problems[0] ?? '').not.toContain(path);
});

test.each([
  ['a directory', tmpdir(), 'is a directory'],
  ['nothing', '/nowhere/at/all', 'does not exist'],
  ['what has no end', '/dev/zero', 'is longer than 65536 bytes'],
])('a path of %s is described', (_, path, problem) => {
  expect(problemsOf({ AMQP_URL_FILE: path }, readSettingFile)).toEqual([
    `AMQP_URL: the file that AMQP_URL_FILE names ${problem}`,
  ]);
});
