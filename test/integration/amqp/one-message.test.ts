import { randomUUID } from 'node:crypto';

import { connect, type Channel, type ChannelModel, type Options } from 'amqplib';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';

import type { OutgoingMessage } from '../../../src/amqp/wire/messages.ts';
import { Publisher } from '../../../src/amqp/publisher/publisher.ts';
import { TripwireProxy } from '../../support/tripwire-proxy.ts';

/**
 * A message that is nacked, or makes the broker close the channel or the connection, costs only
 * itself.
 */

const amqpUrl = inject('amqpUrl');
let publisher: Publisher;
let model: ChannelModel;
let channel: Channel;
let queue: string;
const lost: string[] = [];
const opened: boolean[] = [];
const republished: string[] = [];

beforeEach(async () => {
  lost.length = 0;
  opened.length = 0;
  republished.length = 0;
  model = await connect(amqpUrl);
  channel = await model.createChannel();
  ({ queue } = await channel.assertQueue(`test-${randomUUID()}`, { exclusive: true }));
});

afterEach(async () => {
  await publisher.stop();
  await model.close();
});

async function open(prefetch = 256, query = '', url = amqpUrl): Promise<void> {
  const settings = { urls: [url + query], timeoutMs: 2_000, heartbeatS: 10 };
  publisher = new Publisher(
    settings,
    { confirmTimeoutMs: 30_000, prefetch, probeQueue: 'contacts.test.probe' },
    {
      lost: (_, reason) => lost.push(reason),
      restored: () => undefined,
      open: (isOpen) => opened.push(isOpen),
      majority: () => undefined,
      republished: (reason, count) => republished.push(`${reason} ${count}`),
    },
  );
  await publisher.started;
}

function message(to: string, body: string, options: Options.Publish = {}): OutgoingMessage {
  return { queue: to, body: Buffer.from(body), options: (messageId) => ({ messageId, ...options }) };
}

function send(count: number, to = queue): Promise<string>[] {
  return Array.from({ length: count }, (_, nth) => publisher.publish(message(to, String(nth))));
}

async function outcomes(sent: readonly Promise<string>[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const outcome of await Promise.all(sent)) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

/** The broker closes the channel over it with 406: nobody consumes direct replies here. */
const closesChannel = (): Promise<string> =>
  publisher.publish(message(queue, 'bad', { replyTo: 'amq.rabbitmq.reply-to' }));

/** The broker closes the connection over it with 501: the negotiated frame size is 8192 bytes. */
const closesConnection = (): Promise<string> =>
  publisher.publish(message(queue, 'bad', { headers: { large: 'x'.repeat(9_000) } }));

test('a message over which the broker closes the channel is unsendable, its neighbours are routed', async () => {
  await open();
  await Promise.all(send(1));
  const sent = [...send(50), closesChannel(), ...send(50), closesChannel(), ...send(50)];
  expect(await outcomes(sent)).toEqual({ routed: 150, unsendable: 2 });
  expect(await outcomes(send(50))).toEqual({ routed: 50 });
  expect(lost).toHaveLength(1);
  expect(opened).not.toContain(false);
});

test('a first message to a queue over which the broker closes the channel does not affect others', async () => {
  await open();
  const sent = [closesChannel(), ...send(20)];
  expect(await outcomes(sent)).toEqual({ routed: 20, unsendable: 1 });
  expect(lost).toEqual([]);
});

test('a message over which the broker closes the connection is unsendable, its neighbours are routed', async () => {
  await open(256, '?frameMax=8192');
  await Promise.all(send(1));
  const sent = [...send(50), closesConnection(), ...send(50), closesConnection(), ...send(50)];
  expect(await outcomes(sent)).toEqual({ routed: 150, unsendable: 2 });
  expect(lost.join()).toContain('501');
  expect(await outcomes(send(50))).toEqual({ routed: 50 });
});

test('a message that is in flight at each of many cuts is still routed', { timeout: 60_000 }, async () => {
  const cutting = await TripwireProxy.before(amqpUrl, 'innocent', 6);
  await open(256, '', cutting.url(amqpUrl));
  try {
    expect(await publisher.publish(message(queue, 'innocent'))).toBe('routed');
    expect(cutting.cuts).toBe(6);
  } finally {
    await publisher.stop();
    await cutting.close();
  }
});

test('a bounded number of answers waits for a full queue; once it counts as full each has a single attempt', async () => {
  await open(32);
  const full = `test-${randomUUID()}`;
  const limits = { 'x-max-length': 1, 'x-overflow': 'reject-publish' };
  await channel.assertQueue(full, { exclusive: true, arguments: limits });
  expect(await outcomes(send(1, full))).toEqual({ routed: 1 });
  let refused = 0;
  const sent = send(200, full);
  for (const answer of sent) void answer.then(() => (refused += 1));
  expect(await outcomes(send(200))).toEqual({ routed: 200 });
  // A sixteenth of the prefetch may wait for one destination.
  await expect.poll(() => refused).toBeGreaterThanOrEqual(198);
  expect(await outcomes(sent)).toEqual({ refused: 200 });
  const tries = republished.filter((reason) => reason.startsWith('refused')).length;
  expect(tries).toBeLessThanOrEqual(9);
  expect(await outcomes(send(20, full))).toEqual({ refused: 20 });
  expect(republished.filter((reason) => reason.startsWith('refused'))).toHaveLength(tries);
  await channel.purgeQueue(full);
  expect(await outcomes(send(1, full))).toEqual({ routed: 1 });
  expect(opened).toEqual([true]);
});

test('a queue that is full briefly gets its answers, in order', async () => {
  await open();
  const full = `test-${randomUUID()}`;
  const limits = { 'x-max-length': 1, 'x-overflow': 'reject-publish' };
  await channel.assertQueue(full, { exclusive: true, arguments: limits });
  expect(await outcomes(send(1, full))).toEqual({ routed: 1 });
  const sent = send(10, full);
  await expect.poll(() => republished.length).toBeGreaterThan(0);
  const received: string[] = [];
  await channel.consume(full, (got) => got !== null && received.push(got.content.toString()), { noAck: true });
  expect(await outcomes(sent)).toEqual({ routed: 10 });
  await expect.poll(() => received).toEqual(['0', ...Array.from({ length: 10 }, (_, nth) => String(nth))]);
});
