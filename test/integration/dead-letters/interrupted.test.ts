import type { ChildProcess } from 'node:child_process';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { freshNames } from '../../support/fresh-names.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { runShell, type ProcessResult } from './cli-process.ts';
import { Queues, run } from './letters.ts';

const LETTERS = 4_000;
const names = freshNames();
let queues: Queues;

beforeEach(async () => {
  queues = await Queues.declare(names);
});

afterEach(() => queues.remove());

async function firstRequest(): Promise<void> {
  await expect.poll(async () => (await queues.depths()).requests, { interval: 1 }).toBeGreaterThan(0);
}

async function ids(queue: string): Promise<number[]> {
  return (await queues.drainIds(queue)).map(Number);
}

test('a lost connection reports the minimum that was sent back, and loses no letter', async () => {
  await queues.buryMany(LETTERS);
  const proxy = await TcpProxy.before(names.amqpUrl);
  const ended = run({ ...names, amqpUrl: proxy.url(names.amqpUrl) }, ['send-back', '--all', '--yes']);
  await firstRequest();
  proxy.cut();
  const { code, out, err } = await ended;
  await proxy.close();
  expect(code).toBe(1);
  expect(out[0]).toMatch(/^At least \d+ letters sent back, of 4000\.$/);
  expect(err[0]).toBe('Interrupted. No letter is lost: run the same command again for the rest.');
  const reported = Number(/\d+/.exec(out[0] ?? '')?.[0]);
  await expect
    .poll(async () => Object.values(await queues.depths()).reduce((a, b) => a + b))
    .toBeGreaterThanOrEqual(LETTERS);
  const sent = await ids(queues.requests);
  expect(sent.length).toBeGreaterThanOrEqual(reported);
  expect(new Set([...sent, ...(await ids(queues.dead))]).size).toBe(LETTERS);
});

test('Ctrl-C stops after the current page, reports the exact count, and the rest keeps its order', async () => {
  await queues.buryMany(LETTERS);
  const { code, out, err } = await new Promise<ProcessResult>((resolve, reject) => {
    const line = 'exec $CONTACTS dead-letters send-back --all --yes';
    const started = (child: ChildProcess): void => void firstRequest().then(() => child.kill('SIGINT'), reject);
    void runShell(names, line, { started }).then(resolve);
  });
  expect({ code, err }).toEqual({ code: 130, err: 'Stopped. The other letters stay.\n' });
  const reported = Number(/^(\d+) letters sent back\.\n$/.exec(out)?.[1]);
  await expect.poll(() => queues.depths()).toEqual({ requests: reported, dead: LETTERS - reported });
  expect(reported).toBeLessThan(LETTERS);
  expect(await ids(queues.requests)).toEqual(Array.from({ length: reported }, (_, nth) => nth));
  expect(await ids(queues.dead)).toEqual(Array.from({ length: LETTERS - reported }, (_, nth) => reported + nth));
});

test('two concurrent discards discard each letter once, and both end', async () => {
  await queues.buryMany(1_000);
  const both = await Promise.all([1, 2].map(() => run(names, ['discard', '--all', '--yes'])));
  for (const { code, err } of both) {
    expect([0, 1, 3]).toContain(code);
    if (code === 1) expect(err.join('\n')).toContain('of those counted');
  }
  const discarded = both.reduce((sum, { out }) => sum + Number(/^(\d+) letter/.exec(out[0] ?? '')?.[1] ?? 0), 0);
  await expect.poll(() => queues.depths()).toMatchObject({ dead: 1_000 - discarded });
});

test('a full disk is reported on standard error, and the command fails', async () => {
  await queues.buryMany(2);
  const { code, err } = await runShell(names, 'exec $CONTACTS dead-letters list > /dev/full');
  expect(code).toBe(1);
  expect(err).toMatch(/^standard output cannot be written: .*ENOSPC/);
  await expect.poll(() => queues.depths()).toMatchObject({ dead: 2 });
});

test('a closed output pipe does not stop the command', async () => {
  await queues.buryMany(300);
  await queues.bury('REPLY_TO_OWN_QUEUE');
  await runShell(names, '$CONTACTS dead-letters send-back --all --yes 2>&1 | true');
  await expect.poll(() => queues.depths()).toEqual({ requests: 300, dead: 1 });
});
