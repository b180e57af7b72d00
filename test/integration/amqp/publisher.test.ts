import { randomUUID } from 'node:crypto';

import { connect, type Channel, type ChannelModel } from 'amqplib';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';

import { replyMessage } from '../../../src/amqp/wire/messages.ts';
import { Publisher } from '../../../src/amqp/publisher/publisher.ts';
import { PublisherStoppedError } from '../../../src/protocol/reply.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { ackOfUnknownDelivery } from '../../support/amqp-frames.ts';

const amqpUrl = inject('amqpUrl');
let proxy: TcpProxy;
let publisher: Publisher;
let model: ChannelModel;
let channel: Channel;
let queue: string;
const republished: string[] = [];
const opened: boolean[] = [];

beforeEach(async () => {
  republished.length = 0;
  opened.length = 0;
  model = await connect(amqpUrl);
  channel = await model.createChannel();
  channel.on('error', () => undefined);
  ({ queue } = await channel.assertQueue(`test-${randomUUID()}`, { exclusive: true }));
  proxy = await TcpProxy.before(amqpUrl);
});

afterEach(async () => {
  await publisher.stop();
  await proxy.close();
  await model.close();
});

async function open(confirmTimeoutMs = 30_000): Promise<Publisher> {
  const settings = { urls: [proxy.url(amqpUrl)], timeoutMs: 1_000, heartbeatS: 1 };
  publisher = new Publisher(
    settings,
    { confirmTimeoutMs, prefetch: 256, probeQueue: 'contacts.test.probe' },
    {
      lost: () => undefined,
      restored: () => undefined,
      open: (isOpen) => opened.push(isOpen),
      majority: () => undefined,
      republished: (reason, count) => republished.push(`${reason} ${count}`),
    },
  );
  await publisher.started;
  return publisher;
}

function reply(to: string, body = 'answer', correlationId = 'c') {
  return replyMessage({ to, correlationId, type: 'contact.get', headers: { status: 'ok' }, body: Buffer.from(body) });
}

async function bodies(): Promise<string[]> {
  const found: string[] = [];
  for (
    let message = await channel.get(queue, { noAck: true });
    message;
    message = await channel.get(queue, { noAck: true })
  ) {
    found.push(message.content.toString());
  }
  return found;
}

test('a routed answer carries its properties', async () => {
  const started = await open();
  expect(await started.publish(reply(queue))).toBe('routed');
  const message = await channel.get(queue, { noAck: true });
  expect(message && message.properties).toMatchObject({
    contentType: 'application/xml',
    type: 'contact.get',
    correlationId: 'c',
    deliveryMode: 2,
    headers: { status: 'ok' },
  });
});

test('an answer without a queue is returned, and its neighbours are routed', async () => {
  const started = await open();
  const targets = [queue, 'no-such-queue', queue, 'nor-this', queue];
  const outcomes = await Promise.all(targets.map((target) => started.publish(reply(target))));
  expect(outcomes).toEqual(['routed', 'returned', 'routed', 'returned', 'routed']);
});

test('answers in flight are published again in order when the connection is cut', async () => {
  const started = await open();
  await started.publish(reply(queue, '0'));
  proxy.silence();
  const sent = ['1', '2', '3'].map((body) => started.publish(reply(queue, body)));
  proxy.cut();
  expect(await Promise.all(sent)).toEqual(['routed', 'routed', 'routed']);
  expect(republished).toEqual(['confirm lost 3']);
  expect(await bodies()).toEqual(['0', '1', '2', '3']);
});

test('a channel that the broker closes costs no answer', async () => {
  const started = await open();
  proxy.inject(ackOfUnknownDelivery(1));
  const sent = Array.from({ length: 50 }, (_, i) => started.publish(reply(queue, String(i))));
  expect(new Set(await Promise.all(sent))).toEqual(new Set(['routed']));
  expect(new Set(await bodies()).size).toBe(50);
});

test('a missing confirm replaces the channel, and the answer is published again', async () => {
  const started = await open(1_000);
  proxy.silence();
  expect(await started.publish(reply(queue))).toBe('routed');
  expect(proxy.connections).toBeGreaterThan(1);
});

test('answers wait while the broker is unavailable', async () => {
  const started = await open();
  proxy.refuse();
  const sent = started.publish(reply(queue));
  await expect.poll(() => started.ready).toBe(false);
  expect(opened).toEqual([true, false]);
  proxy.accept();
  expect(await sent).toBe('routed');
});

test(
  'a full queue that nacks delays no other, and its answer is refused after some retries',
  { timeout: 20_000 },
  async () => {
    const started = await open();
    const full = `test-${randomUUID()}`;
    await channel.assertQueue(full, {
      exclusive: true,
      arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' },
    });
    expect(await started.publish(reply(full))).toBe('routed');
    const refused = started.publish(reply(full));
    expect(await started.publish(reply(queue))).toBe('routed');
    expect(await refused).toBe('refused');
    expect(republished.length).toBeGreaterThanOrEqual(4);
    expect(new Set(republished)).toEqual(new Set(['refused by the broker 1']));
  },
);

test('a property that AMQP cannot carry is reported, and harms no other answer', async () => {
  const started = await open();
  expect(await started.publish(reply(queue, 'x', '\u{fffd}'.repeat(200)))).toBe('unsendable');
  expect(await started.publish(reply(queue))).toBe('routed');
});

test('far more answers than the channel can buffer wait, and all are published', async () => {
  const started = await open();
  const body = 'x'.repeat(16_384);
  const sent = Array.from({ length: 3_000 }, () => started.publish(reply(queue, body)));
  expect(new Set(await Promise.all(sent))).toEqual(new Set(['routed']));
  await expect.poll(async () => (await channel.checkQueue(queue)).messageCount).toBe(3_000);
});

test('stopping rejects unconfirmed answers, and later ones', async () => {
  const started = await open();
  proxy.silence();
  const sent = expect(started.publish(reply(queue))).rejects.toThrow(PublisherStoppedError);
  await started.stop();
  await sent;
  await expect(started.publish(reply(queue))).rejects.toThrow(PublisherStoppedError);
});
