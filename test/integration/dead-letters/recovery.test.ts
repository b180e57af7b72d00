import type { ChildProcess } from 'node:child_process';

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
import { runCli, type ProcessResult } from './cli-process.ts';
import { parsed, Queues, run } from './letters.ts';

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
  await queues.remove();
});

test('a request that failed by a defect is executed once and answered when it is sent back after the fix', async () => {
  let fixed = false;
  let executions = 0;
  const failing: Method<string> = {
    name: 'test.failing',
    read: () => ({ valid: true, command: '' }),
    execute: (batch) => {
      if (!fixed) return Promise.reject(new Error('not fixed'));
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

    fixed = true;
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

test('a connection lost between confirm and acknowledgement leaves a letter in both queues; it takes effect once', async () => {
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

test('an undelivered answer is delivered when the letter is sent back, without a second effect', async () => {
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

test('a command that is killed while it sends back thousands of letters loses none', async () => {
  const LETTERS = 4_000;
  await queues.buryMany(LETTERS);
  const { signal } = await new Promise<ProcessResult>((resolve, reject) => {
    const killed = async (child: ChildProcess): Promise<void> => {
      await expect.poll(async () => (await queues.depths()).requests, { interval: 1 }).toBeGreaterThan(0);
      child.kill('SIGKILL');
    };
    const started = (child: ChildProcess): void => void killed(child).catch(reject);
    void runCli(names, ['dead-letters', 'send-back', '--all', '--yes'], { started }).then(resolve);
  });
  expect(signal).toBe('SIGKILL');
  await vi.waitFor(async () => {
    const { requests, dead } = await queues.depths();
    expect(requests + dead).toBeGreaterThanOrEqual(LETTERS);
  }, POLLING);
  const found = [...(await queues.drain(queues.requests)), ...(await queues.drain(queues.dead))];
  expect(new Set(found.map(({ properties }) => String(properties.messageId))).size).toBe(LETTERS);
});

test('a request that is sent back starts with a new count of attempts, also when it is redelivered', async () => {
  let fixed = false;
  const failing: Method<string> = {
    name: 'test.failing',
    read: () => ({ valid: true, command: '' }),
    execute: (batch) => (fixed ? Promise.resolve(batch.map(() => ok([]))) : Promise.reject(new Error('not fixed'))),
  };
  const options = { methods: (...args: Parameters<typeof apiMethods>) => [...apiMethods(...args), failing] };
  const first = await startWorker(names, {}, options);
  await requester.request(request('test.failing', ''), { messageId: 'twice' });
  await expect.poll(() => queues.depths()).toMatchObject({ dead: 1 });
  await first.stop();
  fixed = true;
  expect(await run(names, ['send-back', 'twice'])).toMatchObject({ code: 0 });
  // Another consumer receives the request and closes its connection.
  const otherConsumer = await Queues.declare(names);
  expect(await otherConsumer.channel.get(queues.requests)).toMatchObject({ fields: { redelivered: false } });
  await otherConsumer.close();
  const second = await startWorker(names, {}, options);
  try {
    await expect.poll(() => requester.answers).toHaveLength(2);
    expect(codesIn(requester.answers[1]!.xml)).toEqual([]);
    await expect.poll(() => queues.depths()).toEqual({ requests: 0, dead: 0 });
  } finally {
    await second.stop();
  }
});
