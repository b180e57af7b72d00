import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { describe, expect, inject, test } from 'vitest';

import { freePort } from '../../../infrastructure/addresses.ts';
import { runningWorker } from '../../support/running-worker.ts';
import { CLI, contacts, startContacts, tempFile, type CommandOptions, type Ended } from './contacts-process.ts';

const port = await freePort();
const running = runningWorker({ HTTP_PORT: String(port) });
const run = (args: readonly string[], options?: CommandOptions): Promise<Ended> =>
  contacts(running.names, args, options);
/** The shared broker's address with parts of it replaced. */
const brokerUrl = (parts: Readonly<Record<string, string>>): string =>
  Object.assign(new URL(inject('amqpUrl')), parts).href;
const MONGODB = running.names.mongodbUrl;
const METRICS = `http://127.0.0.1:${port}/metrics`;

describe('doctor', () => {
  test('all well: one line a check, and 0', async () => {
    const { code, out, err } = await run(['doctor'], { env: { MONGODB_URL: running.names.mongodbUrl } });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const lines = out.trimEnd().split('\n');
    const checks = lines.map((line) => /^ok {4}([^:]+):/.exec(line)?.[1]);
    expect(checks).toEqual([
      'settings',
      'broker',
      'queue',
      'arguments',
      'consumers',
      'permissions',
      'worker',
      "the worker's clock",
      'database',
    ]);
  });

  test('-o json writes an object for each check', async () => {
    const { code, out } = await run(['doctor', '-o', 'json']);
    expect(code).toBe(0);
    const found = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Readonly<Record<string, string>>);
    expect(found[0]).toMatchObject({ check: 'settings', state: 'ok' });
    expect(found.at(-1)).toMatchObject({ check: 'database', state: 'skipped' });
  });

  test.each([
    [{}, true],
    [{ NO_COLOR: '1' }, false],
    [{ TERM: 'dumb' }, false],
  ])('a terminal gets colours unless it must not: %j', async (more, coloured) => {
    const { amqpUrl, queue } = running.names;
    const env = { PATH: process.env['PATH'], AMQP_URL: amqpUrl, REQUEST_QUEUE: queue, TERM: 'xterm', ...more };
    const command = `"${process.execPath}" "${CLI}" doctor`;
    const { stdout } = await promisify(execFile)('script', ['-qec', command, '/dev/null'], { env });
    expect(stdout.includes('\u001B[32mok')).toBe(coloured);
    expect(stdout).toContain('settings:');
  });

  test.each([
    [
      ['--url', brokerUrl({ username: 'nobody', password: 'secret' })],
      /^FAIL {2}broker: .* → check user and password/m,
    ],
    [['--url', brokerUrl({ pathname: '/none' })], /^FAIL {2}broker: .* → check the virtual host/m],
    [['--url', 'amqp://127.0.0.1:1'], /^FAIL {2}broker: .* → check host and port/m],
    [['--queue', 'nowhere'], /^FAIL {2}queue: nowhere does not exist → start a worker/m],
    [['--url', 'http://x'], /^FAIL {2}settings: .*AMQP_URL/m],
  ])('%j: it says what to do, and ends with 1', async (args, expected) => {
    const { code, out } = await run(['doctor', ...args, '--timeout', '5']);
    expect(code).toBe(1);
    expect(out).toMatch(expected);
    expect(out).not.toContain('secret');
  });

  test('a queue with other arguments, and without a consumer, is found', async () => {
    const queue = `${running.names.queue}.other`;
    const { channel } = running.requester;
    await channel.assertQueue(queue, { durable: true });
    await channel.assertQueue(`${queue}.dead`, {
      durable: true,
      arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': -1 },
    });
    try {
      const { code, out } = await run(['doctor', '--queue', queue, '--timeout', '2']);
      expect(code).toBe(1);
      expect(out).toMatch(/^FAIL {2}arguments: .*x-queue-type/m);
      expect(out).toMatch(/^FAIL {2}consumers: nobody consumes/m);
      expect(out).toMatch(/^FAIL {2}worker: /m);
    } finally {
      await channel.deleteQueue(queue);
      await channel.deleteQueue(`${queue}.dead`);
    }
  });

  test('a database that cannot be reached is told apart', async () => {
    const env = { MONGODB_URL: 'mongodb://user:secret@127.0.0.1:1/x' };
    const { code, out } = await run(['doctor', '--timeout', '2'], { env });
    expect(code).toBe(1);
    expect(out).toMatch(/^FAIL {2}database: .* → check MONGODB_URL/m);
    expect(out).not.toContain('secret');
  });

  test.each([
    [{ MONGODB_URL: MONGODB.replace(/\/[^/]*$/, '') }, /^FAIL {2}database: MONGODB_URL names no database/m],
    [{ MONGODB_URL_FILE: '/nowhere' }, /^FAIL {2}database: MONGODB_URL the file that MONGODB_URL_FILE names/m],
    [
      { MONGODB_URL_FILE: tempFile('url', MONGODB), MONGODB_TLS_CA_FILE: tempFile('path', '/nowhere.pem') },
      /^FAIL {2}database: MONGODB_TLS_CA is set, but MONGODB_URL does not ask for TLS.*; MONGODB_TLS_CA names a file/m,
    ],
    [{ AMQP_URL: '', AMQP_URL_FILE: tempFile('url', 'http://x') }, /^FAIL {2}settings: AMQP_URL must be/m],
    [{ AMQP_TLS_CA_FILE: tempFile('path', '/nowhere.pem') }, /^FAIL {2}settings: AMQP_TLS_CA is set, but AMQP_URL/m],
  ])('settings that the worker refuses fail the check: %j', async (env, expected) => {
    const { code, out } = await run(['doctor', '--queue', 'nowhere', '--timeout', '5'], { env });
    expect(code).toBe(1);
    expect(out).toMatch(expected);
  });

  test('the URLs may be in files, as for the worker', async () => {
    const { amqpUrl, mongodbUrl } = running.names;
    const env = {
      AMQP_URL: '',
      AMQP_URL_FILE: tempFile('amqp', `${amqpUrl}\n`),
      MONGODB_URL_FILE: tempFile('mongodb', `${mongodbUrl}\n`),
    };
    const { code, out } = await run(['doctor'], { env });
    expect(out).toMatch(/^ok {4}database: reachable and writable/m);
    expect(code).toBe(0);
  });
});

describe('watch', () => {
  test('it shows queue and workers, one object a look', async () => {
    const { code, out } = await run(['watch', '--count', '2', '--interval', '0.2', '--metrics', METRICS]);
    expect(code).toBe(0);
    const looks = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(looks).toHaveLength(2);
    expect(looks[1]).toMatchObject({
      queue: running.names.queue,
      waiting: 0,
      consumers: 1,
      workers_ready: 1,
      problems: [],
    });
    expect(looks[1]?.['requests_per_second']).toEqual(expect.any(Number));
  });

  test('a table names the failures by code', async () => {
    await run(['get', '999999999']);
    const { out } = await run(['watch', '--count', '1', '-o', 'table', '--metrics', METRICS]);
    expect(out).toMatch(/^failures +.*NOT_FOUND \d+/m);
  });

  test('Ctrl-C ends it with 0', async () => {
    const { child, ended } = startContacts(running.names, ['watch', '--metrics', METRICS]);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 0, err: '' });
  });

  test('without a broker it ends with 69 and says why', async () => {
    const { code, out } = await run(['watch', '--count', '1', '--url', 'amqp://127.0.0.1:1', '--metrics', METRICS]);
    expect(code).toBe(69);
    expect(out).toContain('ECONNREFUSED');
  });
});

describe('schema', () => {
  test.each([
    ['xsd', 'contacts.xsd'],
    ['asyncapi', 'asyncapi.yaml'],
  ])('%s prints the file', async (which, name) => {
    const file = fileURLToPath(new URL(`../../../schema/${name}`, import.meta.url));
    expect(await run(['schema', which])).toEqual({ code: 0, err: '', out: readFileSync(file, 'utf8') });
  });
});

describe('completion', () => {
  /** What bash offers behind these words. */
  async function offered(...words: readonly string[]): Promise<string[]> {
    const { out } = await run(['completion', 'bash']);
    const file = join(mkdtempSync(join(tmpdir(), 'contacts-cli-')), 'completion.bash');
    writeFileSync(file, out);
    const script = `source ${file}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _contacts; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = await promisify(execFile)('bash', ['-c', script, 'bash', 'contacts', ...words]);
    return stdout.trimEnd().split('\n');
  }

  test('bash completes commands, options and values', async () => {
    expect(await offered('e')).toEqual(['export']);
    expect(await offered('list', '--p')).toEqual(['--page', '--per-page']);
    expect(await offered('import', '--format', '')).toEqual(['csv', 'vcf', 'xml', 'ndjson']);
    expect(await offered('schema', '')).toEqual(['xsd', 'asyncapi']);
    expect(await offered('dead-letters', 's')).toEqual(['show', 'send-back']);
  });

  test.each(['zsh', 'fish'])('%s gets every command', async (shell) => {
    const { code, out } = await run(['completion', shell]);
    expect(code).toBe(0);
    for (const command of ['create', 'import', 'doctor', 'dead-letters']) expect(out).toContain(command);
  });
});

test('on a terminal lists are tables, and an import shows its progress', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'contacts-cli-')), 'people.csv');
  writeFileSync(file, `first_name,last_name,email\n${'A,B,c@d.e\n'.repeat(2_000)}`);
  const env = {
    PATH: process.env['PATH'],
    AMQP_URL: running.names.amqpUrl,
    REQUEST_QUEUE: running.names.queue,
    TERM: 'xterm',
  };
  const command = `"${process.execPath}" "${CLI}" import "${file}" --client-id 5 && "${process.execPath}" "${CLI}" list --per-page 1`;
  const { stdout } = await promisify(execFile)('script', ['-qec', command, '/dev/null'], { env });
  expect(stdout).toMatch(/% \| \d+ rows \| \d+\/s \| .* left/);
  expect(stdout).toContain('2000 rows: 2000 created');
  expect(stdout).toContain('CONTACT_ID  FIRST_NAME');
});
