import { randomUUID } from 'node:crypto';

import { connect, type Channel, type ChannelModel } from 'amqplib';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import { Consumer } from '../../../src/amqp/consumer/consumer.ts';
import { replyMessage } from '../../../src/amqp/wire/messages.ts';
import { Publisher } from '../../../src/amqp/publisher/publisher.ts';
import { POLLING } from '../../support/polling.ts';
import { IGNORED_CONSUMER_EVENTS } from '../../support/recorded-consumer.ts';
import { limitMessageSize, loseMajority, resumeQueue, suspendQueue } from '../../support/quorum-queue.ts';
import { startBroker, type OwnServer } from '../../support/servers.ts';

/** A queue that does not accept its messages costs only those messages. */

const CONFIRM_TIMEOUT_MS = 5_000;
const timeout = 60_000;
const diagnosis = { code: 'INTERNAL_ERROR' as const, attempts: 1, firstError: 'f', lastError: 'l', referenceId: 'r' };

let broker: OwnServer;
let model: ChannelModel;
let channel: Channel;
let publisher: Publisher;
let queue: string;
let bad: string;
const lost: string[] = [];
const opened: boolean[] = [];

beforeAll(async () => {
  broker = await startBroker();
}, 120_000);

afterAll(async () => {
  await broker.remove();
});

async function openPublisher(): Promise<void> {
  publisher = new Publisher(
    { urls: [broker.url], timeoutMs: 2_000, heartbeatS: 10 },
    { confirmTimeoutMs: CONFIRM_TIMEOUT_MS, prefetch: 256, probeQueue: 'contacts.test.probe' },
    {
      lost: (_, reason) => lost.push(reason),
      restored: () => undefined,
      open: (isOpen) => opened.push(isOpen),
      majority: () => undefined,
      republished: () => undefined,
    },
  );
  await publisher.started;
}

async function openChannel(): Promise<void> {
  model = await connect(broker.url);
  model.on('error', () => undefined);
  channel = await model.createChannel();
  channel.on('error', () => undefined);
}

beforeEach(async () => {
  lost.length = 0;
  opened.length = 0;
  await openChannel();
  queue = `good-${randomUUID()}`;
  bad = `bad-${randomUUID()}`;
  await channel.assertQueue(queue, { exclusive: true });
  await channel.assertQueue(bad, { arguments: { 'x-queue-type': 'quorum' } });
  await openPublisher();
});

afterEach(async () => {
  await publisher.stop();
  await model.close();
});

function reply(to: string, body = 'answer') {
  return replyMessage({
    to,
    correlationId: 'c',
    type: 'contact.get',
    headers: { status: 'ok' },
    body: Buffer.from(body),
  });
}

async function outcomes(sent: readonly Promise<string>[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const outcome of await Promise.all(sent)) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

function many(count: number, to: string): Promise<string>[] {
  return Array.from({ length: count }, (_, nth) => publisher.publish(reply(to, String(nth))));
}

test(
  'an unknown queue without majority costs only its own answer: others are routed at once',
  { timeout },
  async () => {
    await loseMajority(broker, bad);
    const startedAt = Date.now();
    let unconfirmedAfter = 0;
    const waiting = publisher.publish(reply(bad)).finally(() => (unconfirmedAfter = Date.now() - startedAt));
    expect(await outcomes(many(40, queue))).toEqual({ routed: 40 });
    expect(unconfirmedAfter).toBe(0);
    expect(await waiting).toBe('unconfirmed');
    expect(unconfirmedAfter).toBeGreaterThanOrEqual(CONFIRM_TIMEOUT_MS * 0.9);
    expect(await outcomes(many(300, queue))).toEqual({ routed: 300 });
    expect({ lost, opened }).toEqual({ lost: [], opened: [true] });
  },
);

test('a queue without majority costs only its own answer, also without other traffic', { timeout }, async () => {
  await loseMajority(broker, bad);
  expect(await publisher.publish(reply(bad))).toBe('unconfirmed');
  expect({ lost, opened }).toEqual({ lost: [], opened: [true] });
});

test(
  'a bounded number of answers waits for a queue that stops confirming, until they are abandoned; others continue',
  { timeout },
  async () => {
    expect(await outcomes(many(50, bad))).toEqual({ routed: 50 });
    await suspendQueue(broker, bad);
    const given = many(100, bad);
    expect(await outcomes(many(500, queue))).toEqual({ routed: 500 });
    const excess = outcomes(many(200, bad));
    for (let round = 0; round < 20; round += 1) expect(await outcomes(many(50, queue))).toEqual({ routed: 50 });
    expect(await excess).toEqual({ unconfirmed: 200 });
    expect(await outcomes(given)).toEqual({ unconfirmed: 100 });
    expect({ lost, opened }).toEqual({ lost: [], opened: [true] });
    await resumeQueue(broker, bad);
    // Late confirms restore the destination, and count for nothing else.
    await expect.poll(() => publisher.publish(reply(bad, 'after')), POLLING).toBe('routed');
    expect(await outcomes(many(100, bad))).toEqual({ routed: 100 });
    expect(lost).toEqual([]);
  },
);

test('many queues without majority delay a bounded number of answers, and no others', { timeout }, async () => {
  const queues = Array.from({ length: 20 }, () => `bad-${randomUUID()}`);
  for (const name of queues) await channel.assertQueue(name, { arguments: { 'x-queue-type': 'quorum' } });
  await loseMajority(broker, ...queues);
  const stuck = outcomes(queues.flatMap((name) => many(3, name)));
  const slowest = { ms: 0 };
  const fresh = Array.from({ length: 10 }, () => `fresh-${randomUUID()}`);
  for (const name of fresh) {
    await channel.assertQueue(name, { exclusive: true });
    const at = Date.now();
    expect(await publisher.publish(reply(name))).toBe('routed');
    slowest.ms = Math.max(slowest.ms, Date.now() - at);
  }
  expect(slowest.ms).toBeLessThan(CONFIRM_TIMEOUT_MS / 2);
  expect(await stuck).toEqual({ unconfirmed: 60 });
  expect({ lost, opened }).toEqual({ lost: [], opened: [true] });
});

test('an answer larger than the broker accepts is unsendable, and later ones fail at once', { timeout }, async () => {
  await publisher.stop();
  await limitMessageSize(broker, 100_000);
  try {
    await openPublisher();
    opened.length = 0;
    await publisher.publish(reply(queue));
    const large = 'x'.repeat(100_001);
    const beside = outcomes(many(40, queue));
    const oversize = outcomes(Array.from({ length: 10 }, () => publisher.publish(reply(queue, large))));
    expect(await outcomes(many(40, queue))).toEqual({ routed: 40 });
    expect(await oversize).toEqual({ unsendable: 10 });
    expect(await beside).toEqual({ routed: 40 });
    // The broker has reported its limit.
    expect(await publisher.publish(reply(queue, large))).toBe('unsendable');
    expect(lost).toHaveLength(1);
    expect(opened).not.toContain(false);
  } finally {
    await limitMessageSize(broker, 16_777_216);
  }
});

test('connections that an operator closes, however often, cost no answer', { timeout }, async () => {
  await publisher.publish(reply(queue));
  for (let round = 0; round < 4; round += 1) {
    const sent = many(20, queue);
    await broker.exec('rabbitmqctl', 'close_all_connections', 'for a test', '--vhost', '/').catch(() => undefined);
    expect(await outcomes(sent)).not.toHaveProperty('unsendable');
    await expect.poll(() => publisher.ready, POLLING).toBe(true);
    await openChannel();
    await channel.assertQueue(queue, { exclusive: true });
  }
  expect(lost.length).toBeGreaterThanOrEqual(4);
});

test('a full dead-letter queue delays only the letter and its delivery; a stop requeues it', { timeout }, async () => {
  const requests = `requests-${randomUUID()}`;
  const settled: string[] = [];
  const received: string[] = [];
  const held: string[] = [];
  const consumer = new Consumer(
    { urls: [broker.url], timeoutMs: 2_000, heartbeatS: 10 },
    { queue: requests, prefetch: 10, priority: 0, exitWhenStuckMs: 0 },
    ({ body }) => {
      const text = Buffer.from(body).toString();
      received.push(text);
      return Promise.resolve(text.startsWith('bad') ? { kind: 'dead-letter', diagnosis } : { kind: 'acknowledge' });
    },
    publisher,
    {
      lost: (_, reason) => lost.push(reason),
      restored: () => undefined,
      delivered: () => undefined,
      settled: (how) => settled.push(how),
      deadLettered: () => undefined,
      deadLetterHeld: (reason) => held.push(reason),
      handedOver: () => undefined,
      handlerFailed: () => undefined,
      ...IGNORED_CONSUMER_EVENTS,
    },
  );
  await consumer.started;
  const dead = `${requests}.dead`;
  const depth = async (): Promise<number> => (await channel.checkQueue(dead)).messageCount;
  const policy = ['rabbitmqctl', 'set_policy', 'full', `^${dead}$`, '{"max-length":1,"overflow":"reject-publish"}'];
  await broker.exec(...policy);
  // A quorum queue accepts a few more before it nacks.
  for (let filler = 0; filler < 20; filler += 1) channel.sendToQueue(dead, Buffer.from('filler'));
  await expect.poll(async () => await publisher.publish({ ...reply(dead), once: true }), POLLING).toBe('refused');
  for (const body of ['bad 1', 'good 1', 'bad 2', 'good 2']) channel.sendToQueue(requests, Buffer.from(body));
  await expect.poll(() => held.filter((reason) => reason === 'refused').length, POLLING).toBeGreaterThan(2);
  channel.sendToQueue(requests, Buffer.from('good 3'));
  await expect.poll(() => settled, POLLING).toEqual(['acknowledged', 'acknowledged', 'acknowledged']);
  await broker.exec('rabbitmqctl', 'clear_policy', 'full');
  await expect.poll(() => settled.filter((how) => how === 'dead-lettered'), POLLING).toHaveLength(2);
  expect(received).toHaveLength(5);
  expect(lost).toEqual([]);

  await broker.exec(...policy);
  await expect.poll(async () => await publisher.publish({ ...reply(dead), once: true }), POLLING).toBe('refused');
  const before = await depth();
  channel.sendToQueue(requests, Buffer.from('bad 3'));
  await expect.poll(() => received, POLLING).toContain('bad 3');
  await consumer.stopConsuming();
  await consumer.drained();
  expect(settled.at(-1)).toBe('handed-back');
  await consumer.stop();
  expect(await depth()).toBe(before);
  await expect.poll(async () => (await channel.checkQueue(requests)).messageCount, POLLING).toBe(1);
  await broker.exec('rabbitmqctl', 'clear_policy', 'full');
});
