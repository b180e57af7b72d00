import { randomUUID } from 'node:crypto';

import { connect, type Channel, type ChannelModel, type ConsumeMessage } from 'amqplib';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';

import { DeadLetterPublisher } from '../../../src/amqp/consumer/dead-letter-publisher.ts';
import { singleQueue } from '../../../src/protocol/request-queues.ts';
import { Publisher } from '../../../src/amqp/publisher/publisher.ts';
import { POLLING } from '../../support/polling.ts';

const amqpUrl = inject('amqpUrl');
const diagnosis = { code: 'INTERNAL_ERROR' as const, attempts: 1, firstError: 'f', lastError: 'l', referenceId: 'r' };
let publisher: Publisher;
let letters: DeadLetterPublisher;
let model: ChannelModel;
let channel: Channel;
let queue: string;
const lost: string[] = [];
const held: string[] = [];

beforeEach(async () => {
  lost.length = 0;
  held.length = 0;
  model = await connect(amqpUrl);
  channel = await model.createChannel();
  queue = `test-${randomUUID()}`;
  publisher = new Publisher(
    { urls: [amqpUrl], timeoutMs: 2_000, heartbeatS: 10 },
    { confirmTimeoutMs: 30_000, prefetch: 16, probeQueue: 'contacts.test.probe' },
    {
      lost: (_, reason) => lost.push(reason),
      restored: () => undefined,
      open: () => undefined,
      majority: () => undefined,
      republished: () => undefined,
    },
  );
  await publisher.started;
  letters = new DeadLetterPublisher(publisher, singleQueue(queue), { deadLetterHeld: (reason) => held.push(reason) });
});

afterEach(async () => {
  await publisher.stop();
  await channel.deleteQueue(queue);
  await channel.deleteQueue(`${queue}.dead`);
  await model.close();
});

function request(properties: object, body = 'body'): ConsumeMessage {
  return { content: Buffer.from(body), fields: {}, properties } as unknown as ConsumeMessage;
}

async function fetchLetter() {
  const letter = await channel.get(`${queue}.dead`, { noAck: true });
  if (letter === false) throw new Error('there is no letter');
  return letter;
}

test('a missing queue is declared, and accepts every held letter once', async () => {
  const bodies = Array.from({ length: 30 }, (_, nth) => String(nth));
  const outcomes = await Promise.all(bodies.map((body) => letters.publish(request({}, body), diagnosis, () => false)));
  expect(new Set(outcomes)).toEqual(new Set(['dead-lettered']));
  expect(held.length).toBeLessThan(5);
  expect(lost).toEqual([]);
  const { messageCount } = await channel.checkQueue(`${queue}.dead`);
  expect(messageCount).toBe(30);
});

test('headers of any type, and ids that cannot be sent, cost at most themselves', async () => {
  const headers = {
    kept: 'x',
    number: Number.NaN,
    late: { '!': 'timestamp', value: 2 ** 64 },
    decimal: { '!': 'decimal', value: { places: 2, digits: 314 } },
    ['\u{fffd}'.repeat(100)]: 1,
    large: 'x'.repeat(70_000),
    'x-death': [{ count: 1, reason: 'rejected', queue: 'q' }],
  };
  const properties = {
    messageId: 'm',
    correlationId: '\u{fffd}'.repeat(90),
    replyTo: 'amq.rabbitmq.reply-to',
    headers,
  };
  expect(await letters.publish(request(properties), diagnosis, () => false)).toBe('dead-lettered');
  const letter = await fetchLetter();
  expect(letter.properties).toMatchObject({ messageId: 'm' });
  expect(letter.properties.headers).toMatchObject({
    kept: 'x',
    decimal: headers.decimal,
    'x-death': headers['x-death'],
    'diagnosis-code': 'INTERNAL_ERROR',
    'diagnosis-dropped-correlation-id': properties.correlationId,
    'diagnosis-dropped-reply-to': 'amq.rabbitmq.reply-to',
  });
  expect(lost).toEqual([]);
});

test('a letter whose delivery is no longer ours is not published', async () => {
  let gone = false;
  await channel.assertQueue(`${queue}.dead`, { arguments: { 'x-max-length': 0, 'x-overflow': 'reject-publish' } });
  const outcome = letters.publish(request({}), diagnosis, () => gone);
  await expect.poll(() => held, POLLING).toContain('refused');
  gone = true;
  await channel.deleteQueue(`${queue}.dead`);
  await channel.assertQueue(`${queue}.dead`);
  expect(await outcome).toBe('handed-back');
  expect((await channel.checkQueue(`${queue}.dead`)).messageCount).toBe(0);
});
