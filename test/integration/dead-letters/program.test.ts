import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { freshNames } from '../../support/fresh-names.ts';
import { Queues } from './letters.ts';

const CLI = fileURLToPath(new URL('../../../src/cli.ts', import.meta.url));
const names = freshNames();
let queues: Queues;

beforeAll(async () => {
  queues = await Queues.declare(names);
});

afterEach(async () => {
  await queues.channel.purgeQueue(queues.dead);
});

afterAll(() => queues.close());

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the program as a process of its own, without a terminal. */
function contacts(args: readonly string[], settings: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const env = { PATH: process.env['PATH'], AMQP_URL: names.amqpUrl, REQUEST_QUEUE: names.queue, ...settings };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [CLI, ...args], { env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
    child.stdin?.end();
  });
}

test('it lists to standard output and ends with 0', async () => {
  await queues.bury('INTERNAL_ERROR');
  const { code, out, err } = await contacts(['dead-letters', 'list']);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/INTERNAL_ERROR.*contact\.create\n1 letter\n$/s);
});

test('it ends with 3 where there is no letter', async () => {
  expect(await contacts(['dead-letters', 'list'])).toMatchObject({ code: 3, out: '0 letters\n' });
});

test('without a terminal it asks nobody and ends with 2', async () => {
  await queues.buryMany(2);
  expect(await contacts(['dead-letters', 'discard', '--all'])).toMatchObject({ code: 2, out: '' });
  await expect.poll(() => queues.depths()).toMatchObject({ dead: 2 });
});

test.each([[['frob']], [['dead-letters', 'frob']], [[]]])('it ends with 2 on the command line %j', async (args) => {
  expect(await contacts(args)).toMatchObject({ code: 2, out: '' });
});

test('it ends with 78 where the settings are not usable', async () => {
  expect(await contacts(['dead-letters', 'list'], { PREFETCH: 'many' })).toMatchObject({ code: 78, out: '' });
});

test('it ends with 1 where there is no broker or no queue, and says which', async () => {
  const nobody = await contacts(['dead-letters', 'list'], { AMQP_URL: 'amqp://user:secret@127.0.0.1:1' });
  expect(nobody).toMatchObject({ code: 1, out: '' });
  expect(nobody.err).toContain('ECONNREFUSED');
  expect(nobody.err).not.toContain('secret');
  const nothing = await contacts(['dead-letters', 'list'], { REQUEST_QUEUE: `${names.queue}.none` });
  expect(nothing).toMatchObject({ code: 1, out: '' });
  expect(nothing.err).toContain(`${names.queue}.none.dead`);
});

test('what was typed reaches the terminal without its control characters', async () => {
  const { code, err } = await contacts(['dead-letters', 'list', '--\u001B[2J\u202E']);
  expect(code).toBe(2);
  expect(err).toContain('\\u{1b}[2J\\u{202e}');
  expect(err).not.toMatch(/[\u001B\u202E]/);
});

test('it reads on where its own reader has gone', async () => {
  await queues.buryMany(3_000);
  const run = execFile('sh', ['-c', `"${process.execPath}" "${CLI}" dead-letters list | head -n 1`], {
    env: { PATH: process.env['PATH'], AMQP_URL: names.amqpUrl, REQUEST_QUEUE: names.queue },
  });
  let errors = '';
  run.stderr?.on('data', (text: string) => (errors += text));
  expect(await new Promise((resolve) => run.once('close', resolve))).toBe(0);
  expect(errors).toBe('');
  await expect.poll(() => queues.depths()).toMatchObject({ dead: 3_000 });
});
