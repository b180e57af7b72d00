import { randomUUID } from 'node:crypto';

import { connect, type Channel, type ChannelModel } from 'amqplib';
import { afterEach, beforeEach, expect, inject, test, vi } from 'vitest';

import type { Settled } from '../../../src/amqp/consumer/consumer-events.ts';
import { Consumer } from '../../../src/amqp/consumer/consumer.ts';
import type { Handler } from '../../../src/amqp/consumer/consumer-settings.ts';
import { Publisher } from '../../../src/amqp/publisher/publisher.ts';
import type { Delivery } from '../../../src/protocol/delivery.ts';
import type { Settlement } from '../../../src/protocol/settlement.ts';
import { ackOfUnknownDelivery } from '../../support/amqp-frames.ts';
import { POLLING } from '../../support/polling.ts';
import { IGNORED_CONSUMER_EVENTS, IGNORED_PUBLISHER_EVENTS } from '../../support/recorded-consumer.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';

const amqpUrl = inject('amqpUrl');
const diagnosis = { code: 'INTERNAL_ERROR' as const, attempts: 1, firstError: 'f', lastError: 'l', referenceId: 'r' };
let proxy: TcpProxy;
let publisher: Publisher;
let consumer: Consumer;
let model: ChannelModel;
let channel: Channel;
let queue: string;
const settled: Settled[] = [];
const received: Delivery[] = [];
const letters: string[] = [];

beforeEach(async () => {
  settled.length = 0;
  received.length = 0;
  letters.length = 0;
  queue = `test-${randomUUID()}`;
  model = await connect(amqpUrl);
  channel = await model.createChannel();
  proxy = await TcpProxy.before(amqpUrl);
  const settings = { urls: [amqpUrl], timeoutMs: 1_000, heartbeatS: 1 };
  const limits = { confirmTimeoutMs: 30_000, prefetch: 10, probeQueue: 'contacts.test.probe' };
  publisher = new Publisher(settings, limits, IGNORED_PUBLISHER_EVENTS);
});

afterEach(async () => {
  await consumer.stop();
  await publisher.stop();
  await proxy.close();
  await channel.deleteQueue(queue);
  await channel.deleteQueue(`${queue}.dead`);
  await model.close();
});

async function consume(handle: Handler): Promise<Consumer> {
  consumer = new Consumer(
    { urls: [proxy.url(amqpUrl)], timeoutMs: 1_000, heartbeatS: 1 },
    { queue, prefetch: 10, priority: 0, exitWhenStuckMs: 0 },
    (delivery) => {
      received.push(delivery);
      return handle(delivery);
    },
    publisher,
    {
      lost: () => undefined,
      restored: () => undefined,
      delivered: () => undefined,
      settled: (how) => settled.push(how),
      deadLettered: ({ code }) => letters.push(code),
      deadLetterHeld: () => undefined,
      handedOver: () => undefined,
      handlerFailed: () => undefined,
      ...IGNORED_CONSUMER_EVENTS,
    },
  );
  await consumer.started;
  return consumer;
}

const acknowledge: Handler = () => Promise.resolve({ kind: 'acknowledge' });

async function depth(name: string): Promise<number> {
  return (await channel.checkQueue(name)).messageCount;
}

test('a channel that the broker closes is replaced with its consumer, and unsettled requests are redelivered', async () => {
  const held: ((settlement: Settlement) => void)[] = [];
  await consume(() => new Promise((resolve) => held.push(resolve)));
  channel.sendToQueue(queue, Buffer.from('a'));
  await expect.poll(() => held).toHaveLength(1);
  proxy.inject(ackOfUnknownDelivery(1));
  await expect.poll(() => held).toHaveLength(2);
  expect(received.map(({ redelivered }) => redelivered)).toEqual([false, true]);
  expect(proxy.connections).toBe(1);
  // The old settlement must not reach the new channel, where its tag means another message.
  held[0]?.({ kind: 'acknowledge' });
  await expect.poll(() => settled).toEqual(['lost']);
  held[1]?.({ kind: 'hand-back' });
  await expect.poll(() => held).toHaveLength(3);
  held[2]?.({ kind: 'acknowledge' });
  await expect.poll(() => settled).toEqual(['lost', 'handed-back', 'acknowledged']);
});

test('settlements of one turn are acknowledged, and no unsettled neighbour with them', async () => {
  const held = new Map<string, (settlement: Settlement) => void>();
  await consume(({ body }) => new Promise((resolve) => held.set(Buffer.from(body).toString(), resolve)));
  const names = ['a', 'b', 'open', 'c', 'd'];
  for (const name of names) channel.sendToQueue(queue, Buffer.from(name));
  await expect.poll(() => [...held.keys()]).toEqual(names);
  for (const name of ['d', 'b', 'a', 'c']) held.get(name)?.({ kind: 'acknowledge' });
  await expect.poll(() => settled).toHaveLength(4);
  expect(consumer.inFlight).toBe(1);
  await consumer.stop();
  await expect.poll(() => depth(queue)).toBe(1);
  const left = await channel.get(queue, { noAck: true });
  expect(left === false ? undefined : left.content.toString()).toBe('open');
});

test('a deleted queue is declared and consumed again', async () => {
  await consume(acknowledge);
  await channel.deleteQueue(queue);
  await vi.waitFor(async () => {
    const present = await model.createChannel();
    present.on('error', () => undefined);
    expect((await present.checkQueue(queue)).consumerCount).toBe(1);
    await present.close();
  }, POLLING);
  channel.sendToQueue(queue, Buffer.from('a'));
  await expect.poll(() => settled).toEqual(['acknowledged']);
  expect(consumer.ready).toBe(true);
});

test('a cut connection is replaced, and consumption continues', async () => {
  await consume(acknowledge);
  proxy.cut();
  channel.sendToQueue(queue, Buffer.from('a'));
  await expect.poll(() => settled).toEqual(['acknowledged']);
});

test('a dead letter carries its diagnosis and the properties of its request, which leaves the queue', async () => {
  await consume(() => Promise.resolve({ kind: 'dead-letter', diagnosis: { ...diagnosis, attempts: 3 } }));
  const properties = { messageId: 'm', appId: 'a', correlationId: 'c', replyTo: 'q', headers: { own: 'kept' } };
  channel.sendToQueue(queue, Buffer.from('body'), { ...properties, expiration: '100000' });
  await expect.poll(() => settled).toEqual(['dead-lettered']);
  expect(letters).toEqual(['INTERNAL_ERROR']);
  const letter = await channel.get(`${queue}.dead`, { noAck: true });
  expect(letter && letter.content.toString()).toBe('body');
  expect(letter && letter.properties).toMatchObject({
    ...properties,
    expiration: undefined,
    deliveryMode: 2,
    headers: {
      own: 'kept',
      'diagnosis-code': 'INTERNAL_ERROR',
      'diagnosis-attempts': 3,
      'diagnosis-reference-id': 'r',
    },
  });
});

test('a request whose headers leave no room for the diagnosis is dead-lettered without them', async () => {
  await consume(() => Promise.resolve({ kind: 'dead-letter', diagnosis }));
  channel.sendToQueue(queue, Buffer.from('body'), { messageId: 'm', headers: { large: 'x'.repeat(65_480) } });
  await expect.poll(() => settled).toEqual(['dead-lettered']);
  const letter = await channel.get(`${queue}.dead`, { noAck: true });
  expect(letter && letter.content.toString()).toBe('body');
  expect(letter && letter.properties.headers).toMatchObject({ 'diagnosis-code': 'INTERNAL_ERROR' });
  expect(letter && letter.properties.headers?.['large']).toBeUndefined();
});

test('a dead letter goes only to its queue, even if its request was copied to others', async () => {
  await consume(() => Promise.resolve({ kind: 'dead-letter', diagnosis }));
  const { queue: copies } = await channel.assertQueue('', { exclusive: true });
  channel.sendToQueue(queue, Buffer.from('body'), { CC: [copies], headers: { own: 'kept' } });
  await expect.poll(() => settled).toEqual(['dead-lettered']);
  await expect.poll(() => depth(copies)).toBe(1);
  const letter = await channel.get(`${queue}.dead`, { noAck: true });
  expect(letter && letter.properties.headers).toMatchObject({ own: 'kept', 'diagnosis-code': 'INTERNAL_ERROR' });
});

test('a dead letter survives the deletion of its queue: the queue is declared again and accepts it', async () => {
  await consume(() => Promise.resolve({ kind: 'dead-letter', diagnosis }));
  await channel.deleteQueue(`${queue}.dead`);
  channel.sendToQueue(queue, Buffer.from('body'));
  await expect.poll(() => settled).toContain('dead-lettered');
  await expect.poll(() => depth(`${queue}.dead`)).toBe(1);
});

test('a handler that rejects loses no request', async () => {
  let calls = 0;
  await consume(() => {
    calls += 1;
    return calls === 1 ? Promise.reject(new Error('broken')) : acknowledge(received[0] as Delivery);
  });
  channel.sendToQueue(queue, Buffer.from('a'));
  await expect.poll(() => settled).toEqual(['handed-back', 'acknowledged']);
});

test('consumption stops at once, requests in flight finish, and the rest can be requeued', async () => {
  const held: ((settlement: Settlement) => void)[] = [];
  await consume(() => new Promise((resolve) => held.push(resolve)));
  for (const body of ['a', 'b']) channel.sendToQueue(queue, Buffer.from(body));
  await expect.poll(() => held).toHaveLength(2);
  await consumer.stopConsuming();
  expect(consumer.ready).toBe(false);
  channel.sendToQueue(queue, Buffer.from('c'));
  held[0]?.({ kind: 'acknowledge' });
  await expect.poll(() => settled).toEqual(['acknowledged']);
  expect(consumer.requeueUnsettled()).toBe(1);
  await consumer.drained();
  await consumer.stop();
  expect(received).toHaveLength(2);
  await expect.poll(() => depth(queue)).toBe(2);
});

test.each([
  ['another type', { durable: true, arguments: { 'x-queue-type': 'classic' } }, 'x-queue-type'],
  [
    'another dead-letter queue',
    {
      durable: true,
      arguments: { 'x-queue-type': 'quorum', 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'other' },
    },
    'x-dead-letter-routing-key',
  ],
])('a queue with %s fails the start with the argument that differs', async (_, options, argument) => {
  await channel.assertQueue(queue, options);
  await expect(consume(acknowledge)).rejects.toThrow(argument);
});
