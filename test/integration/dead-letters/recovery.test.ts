import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { openDeadLetters } from '../../../src/amqp/dead-letter-queue/queue.ts';
import { apiMethods } from '../../../src/methods/index.ts';
import type { Method } from '../../../src/protocol/method.ts';
import { ok } from '../../../src/protocol/response.ts';
import { codesIn, contactIdIn, createRequest, jane, listRequest, request } from '../../support/documents.ts';
import { freshNames, type FreshNames } from '../../support/fresh-names.ts';
import { POLLING } from '../../support/polling.ts';
import { Requester } from '../../support/requester.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { startWorker } from '../../support/worker.ts';
import { parsed, Queues, run } from './letters.ts';

const CLI = fileURLToPath(new URL('../../../src/cli.ts', import.meta.url));
const shared = freshNames();
let names: FreshNames;
let queues: Queues;
let requester: Requester;

let nth = 0;
beforeEach(async () => {
  nth += 1;
  names = { ...shared, queue: `${shared.queue}.${nth}` };
  queues = await Queues.declare(names);
  requester = await Requester.open(names.amqpUrl, names.queue);
});

afterEach(async () => {
  await requester.close();
  await queues.channel.deleteQueue(queues.requests);
  await queues.channel.deleteQueue(queues.dead);
  await queues.close();
});

test('a request that failed by a defect is executed once and answered when it is sent back after the repair', async () => {
  let repaired = false;
  let executions = 0;
  const failing: Method<string> = {
    name: 'test.failing',
    read: () => ({ valid: true, command: '' }),
    execute: (batch) => {
      if (!repaired) return Promise.reject(new Error('not repaired'));
      executions += batch.length;
      return Promise.resolve(batch.map(() => ok([{ name: 'text', content: 'done' }])));
    },
  };
  const worker = await startWorker(names, {}, { methods: (...args) => [...apiMethods(...args), failing] });
  try {
    const options = { messageId: 'one', correlationId: 'c1' };
    const first = await requester.request(request('test.failing', ''), options);
    expect(codesIn(first.xml)).toEqual(['INTERNAL_ERROR']);
    await expect.poll(() => queues.depths()).toMatchObject({ dead: 1 });
    const [letter] = parsed(await run(names, ['list', '--json']));
    expect(letter).toMatchObject({ cause: 'INTERNAL_ERROR', method: 'test.failing', attempts: 5 });
    expect(first.xml).toContain(String(letter?.['reference']));

    repaired = true;
    expect(await run(names, ['send-back', String(letter?.['reference'])])).toMatchObject({ code: 0 });
    await expect.poll(() => requester.answers).toHaveLength(2);
    expect(requester.answers[1]?.xml).toContain('<text>done</text>');
    expect(requester.answers[1]?.properties.correlationId).toBe('c1');
    expect(executions).toBe(1);
    await expect.poll(() => queues.depths()).toEqual({ requests: 0, dead: 0 });
  } finally {
    await worker.stop();
  }
});

test('cut off between the confirm and the acknowledgement a letter is in both queues, and takes effect once', async () => {
  await queues.bury('INTERNAL_ERROR', { messageId: 'one', correlationId: 'c1', replyTo: requester.replyTo });
  const proxy = await TcpProxy.before(names.amqpUrl);
  const settings = { urls: [proxy.url(names.amqpUrl)], timeoutMs: 5_000, heartbeatS: 10 };
  const queue = await openDeadLetters(settings, names.queue);
  const visit = queue.visit({ decide: () => 'send-back', settling: () => proxy.cut() });
  await expect(visit).rejects.toThrow(/closed|reset/i);
  await queue.close();
  await proxy.close();
  await expect.poll(() => queues.depths()).toEqual({ requests: 1, dead: 1 });

  const worker = await startWorker(names);
  try {
    expect(await run(names, ['send-back', 'one'])).toMatchObject({ code: 0 });
    await expect.poll(() => requester.answers).toHaveLength(2);
    const [first, second] = requester.answers.map(({ xml }) => contactIdIn(xml));
    expect(second).toBe(first);
    const { xml } = await requester.request(listRequest());
    expect(xml.match(/<contact_id>/g)).toHaveLength(1);
    await expect.poll(() => queues.depths()).toEqual({ requests: 0, dead: 0 });
  } finally {
    await worker.stop();
  }
});

test('an answer that could not be given is given when the letter is sent back, without a second effect', async () => {
  const worker = await startWorker(names);
  try {
    const full = `${names.queue}.answers`;
    const document = createRequest({ ...jane, email: 'other@janedoe.com' });
    await queues.channel.assertQueue(full, {
      durable: true,
      arguments: { 'x-max-length': 0, 'x-overflow': 'reject-publish' },
    });
    requester.send(document, { messageId: 'one', replyTo: full });
    await expect.poll(() => queues.depths()).toMatchObject({ dead: 1 });
    await queues.channel.deleteQueue(full);
    await queues.channel.assertQueue(full, { durable: true });
    expect(await run(names, ['send-back', 'one'])).toMatchObject({ code: 0 });
    const answer = await vi.waitFor(async () => {
      const message = await queues.channel.get(full, { noAck: true });
      if (message === false) throw new Error('no answer yet');
      return message;
    }, POLLING);
    await queues.channel.deleteQueue(full);
    const { xml } = await requester.request(listRequest({ email: 'other@janedoe.com' }));
    expect([...xml.matchAll(/<contact_id>(\d+)/g)].map(([, id]) => Number(id))).toEqual([
      contactIdIn(answer.content.toString()),
    ]);
  } finally {
    await worker.stop();
  }
});

test('killed in the middle of sending thousands of letters back, it has lost none and has left the rest', async () => {
  const LETTERS = 4_000;
  await queues.buryMany(LETTERS);
  const child = spawn(process.execPath, [CLI, 'dead-letters', 'send-back', '--all', '--yes'], {
    stdio: 'ignore',
    env: { PATH: process.env['PATH'], AMQP_URL: names.amqpUrl, REQUEST_QUEUE: names.queue },
  });
  const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve(signal ?? code)));
  await expect.poll(async () => (await queues.depths()).requests, { interval: 1 }).toBeGreaterThan(0);
  child.kill('SIGKILL');
  expect(await ended).toBe('SIGKILL');
  await vi.waitFor(async () => {
    const { requests, dead } = await queues.depths();
    expect(requests + dead).toBeGreaterThanOrEqual(LETTERS);
  }, POLLING);
  const found = [...(await queues.drain(queues.requests)), ...(await queues.drain(queues.dead))];
  expect(new Set(found.map(({ properties }) => String(properties.messageId))).size).toBe(LETTERS);
});

test('a request that was sent back is not charged with the attempts from before, even when it is handed out twice', async () => {
  let repaired = false;
  const failing: Method<string> = {
    name: 'test.failing',
    read: () => ({ valid: true, command: '' }),
    execute: (batch) =>
      repaired ? Promise.resolve(batch.map(() => ok([]))) : Promise.reject(new Error('not repaired')),
  };
  const options = { methods: (...args: Parameters<typeof apiMethods>) => [...apiMethods(...args), failing] };
  const first = await startWorker(names, {}, options);
  await requester.request(request('test.failing', ''), { messageId: 'twice' });
  await expect.poll(() => queues.depths()).toMatchObject({ dead: 1 });
  await first.stop();
  repaired = true;
  expect(await run(names, ['send-back', 'twice'])).toMatchObject({ code: 0 });
  // Somebody takes it and is gone.
  const other = await Queues.declare(names);
  expect(await other.channel.get(queues.requests)).toMatchObject({ fields: { redelivered: false } });
  await other.close();
  const second = await startWorker(names, {}, options);
  try {
    await expect.poll(() => requester.answers).toHaveLength(2);
    expect(codesIn(requester.answers[1]!.xml)).toEqual([]);
    await expect.poll(() => queues.depths()).toEqual({ requests: 0, dead: 0 });
  } finally {
    await second.stop();
  }
});
