import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { freshNames } from '../../support/fresh-names.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { Queues, run } from './letters.ts';

const CLI = fileURLToPath(new URL('../../../src/cli.ts', import.meta.url));
const LETTERS = 4_000;
const names = freshNames();
let queues: Queues;

beforeEach(async () => {
  queues = await Queues.declare(names);
});

afterEach(async () => {
  await queues.channel.deleteQueue(queues.requests);
  await queues.channel.deleteQueue(queues.dead);
  await queues.close();
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a line of the shell with the program as `$CONTACTS`; `started` is given the means to interrupt it. */
function shell(line: string, started: (interrupt: () => void) => void = () => undefined): Promise<Ended> {
  const env = { PATH: process.env['PATH'], AMQP_URL: names.amqpUrl, REQUEST_QUEUE: names.queue };
  const child = spawn('sh', ['-c', line], { env: { ...env, CONTACTS: `${process.execPath} ${CLI}` } });
  let out = '';
  let err = '';
  child.stdout.on('data', (text: Buffer) => (out += text.toString()));
  child.stderr.on('data', (text: Buffer) => (err += text.toString()));
  started(() => child.kill('SIGINT'));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })));
}

async function requestsCame(): Promise<void> {
  await expect.poll(async () => (await queues.depths()).requests, { interval: 1 }).toBeGreaterThan(0);
}

async function ids(queue: string): Promise<number[]> {
  return (await queues.drain(queue)).map(({ properties }) => Number(properties.messageId));
}

test('where the connection is lost in the middle it says how many went at least, and the rest is there', async () => {
  await queues.buryMany(LETTERS);
  const proxy = await TcpProxy.before(names.amqpUrl);
  const ended = run({ ...names, amqpUrl: proxy.url(names.amqpUrl) }, ['send-back', '--all', '--yes']);
  await requestsCame();
  proxy.cut();
  const { code, out, err } = await ended;
  await proxy.close();
  expect(code).toBe(1);
  expect(out[0]).toMatch(/^At least \d+ letters sent back, of 4000\.$/);
  expect(err[0]).toBe('It was interrupted. No letter is lost: run the same command again for the rest.');
  const told = Number(/\d+/.exec(out[0] ?? '')?.[0]);
  await expect
    .poll(async () => Object.values(await queues.depths()).reduce((a, b) => a + b))
    .toBeGreaterThanOrEqual(LETTERS);
  const sent = await ids(queues.requests);
  expect(sent.length).toBeGreaterThanOrEqual(told);
  expect(new Set([...sent, ...(await ids(queues.dead))]).size).toBe(LETTERS);
});

test('Ctrl-C ends it after the page at hand: it tells exactly how many went, and the rest keeps its order', async () => {
  await queues.buryMany(LETTERS);
  const { code, out, err } = await new Promise<Ended>((resolve, reject) => {
    const line = 'exec $CONTACTS dead-letters send-back --all --yes';
    const interrupted = (interrupt: () => void): void => void requestsCame().then(interrupt, reject);
    void shell(line, interrupted).then(resolve);
  });
  expect({ code, err }).toEqual({ code: 130, err: 'Stopped. The other letters stay.\n' });
  const told = Number(/^(\d+) letters sent back\.\n$/.exec(out)?.[1]);
  await expect.poll(() => queues.depths()).toEqual({ requests: told, dead: LETTERS - told });
  expect(told).toBeLessThan(LETTERS);
  expect(await ids(queues.requests)).toEqual(Array.from({ length: told }, (_, nth) => nth));
  expect(await ids(queues.dead)).toEqual(Array.from({ length: LETTERS - told }, (_, nth) => told + nth));
});

test('two who discard at once discard each letter once, and both end', async () => {
  await queues.buryMany(1_000);
  const both = await Promise.all([1, 2].map(() => run(names, ['discard', '--all', '--yes'])));
  for (const { code, err } of both) {
    expect([0, 1, 3]).toContain(code);
    if (code === 1) expect(err.join('\n')).toContain('of those counted');
  }
  const discarded = both.reduce((sum, { out }) => sum + Number(/^(\d+) letter/.exec(out[0] ?? '')?.[1] ?? 0), 0);
  await expect.poll(() => queues.depths()).toMatchObject({ dead: 1_000 - discarded });
});

test('on a full disk it says that its output is not whole, and fails', async () => {
  await queues.buryMany(2);
  const { code, err } = await shell('exec $CONTACTS dead-letters list > /dev/full');
  expect(code).toBe(1);
  expect(err).toMatch(/^standard output cannot be written: .*ENOSPC/);
  await expect.poll(() => queues.depths()).toMatchObject({ dead: 2 });
});

test('it does its work although nobody reads what it says', async () => {
  await queues.buryMany(300);
  await queues.bury('REPLY_TO_OWN_QUEUE');
  await shell('$CONTACTS dead-letters send-back --all --yes 2>&1 | true');
  await expect.poll(() => queues.depths()).toEqual({ requests: 300, dead: 1 });
});
