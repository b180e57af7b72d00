import { randomUUID } from 'node:crypto';

import { connect, type Channel, type ChannelModel } from 'amqplib';
import { afterEach, beforeEach, expect, inject, test, vi } from 'vitest';

import type { Settled } from '../../../src/amqp/consumer/consumer-events.ts';
import { Consumer } from '../../../src/amqp/consumer/consumer.ts';
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
let settled: Settled[];
let received: { readonly delivery: Delivery; readonly settle: (settlement: Settlement) => void }[];

beforeEach(async () => {
  [settled, received, queue] = [[], [], `test-${randomUUID()}`];
  model = await connect(amqpUrl);
  channel = await model.createChannel();
  proxy = await TcpProxy.before(amqpUrl);
  const settings = { timeoutMs: 1_000, heartbeatS: 1 };
  const [direct, proxied] = [amqpUrl, proxy.url(amqpUrl)].map((url) => ({ ...settings, urls: [url] }));
  if (direct === undefined || proxied === undefined) throw new Error('unreachable');
  publisher = new Publisher(
    direct,
    { confirmTimeoutMs: 30_000, prefetch: 10, probeQueue: 'contacts.test.probe' },
    IGNORED_PUBLISHER_EVENTS,
  );
  consumer = new Consumer(
    proxied,
    { queue, prefetch: 10, priority: 0, exitWhenStuckMs: 0 },
    (delivery) => new Promise((settle) => received.push({ delivery, settle })),
    publisher,
    {
      lost: () => undefined,
      restored: () => undefined,
      delivered: () => undefined,
      settled: (how) => settled.push(how),
      deadLettered: () => undefined,
      handedOver: () => undefined,
      handlerFailed: () => undefined,
      deadLetterHeld: () => undefined,
      ...IGNORED_CONSUMER_EVENTS,
    },
  );
  await consumer.started;
});

afterEach(async () => {
  await consumer.stop();
  await publisher.stop();
  await proxy.close();
  await channel.deleteQueue(queue);
  await channel.deleteQueue(`${queue}.dead`);
  await model.close();
});

/** Delivers a message to the consumer. */
async function deliver(): Promise<void> {
  channel.sendToQueue(queue, Buffer.from('a'));
  await vi.waitFor(() => {
    if (received.length === 0) throw new Error('nothing was delivered');
  }, POLLING);
}

/** Whether the channel of each delivery is closed. */
function closed(): readonly boolean[] {
  return received.map(({ delivery }) => delivery.channel.gone);
}

test.each([
  ['the broker closes it', () => Promise.resolve(proxy.inject(ackOfUnknownDelivery(1)))],
  ['its connection is cut', () => Promise.resolve(proxy.cut())],
  ['the broker cancels the consumer', () => channel.deleteQueue(queue)],
])('a delivery reports its channel as closed where %s, and later ones report theirs as open', async (_, lose) => {
  await deliver();
  expect(closed()).toEqual([false]);
  await lose();
  await expect.poll(() => closed()[0]).toBe(true);
  await expect.poll(() => consumer.ready).toBe(true);
  channel.sendToQueue(queue, Buffer.from('b'));
  await expect.poll(() => received.length).toBeGreaterThan(1);
  expect(closed().slice(1)).not.toContain(true);
});

test('the acknowledgement of a dead letter is reported once the broker has it', async () => {
  await deliver();
  const depth = new Promise<number>((resolve) => {
    received[0]?.settle({
      kind: 'dead-letter',
      diagnosis,
      acknowledged: () => {
        // Without the acknowledgement the message would be back in the queue after this.
        proxy.refuse();
        resolve(channel.checkQueue(queue).then(({ messageCount }) => messageCount));
      },
    });
  });
  expect(await depth).toBe(0);
  await expect.poll(async () => (await channel.checkQueue(queue)).consumerCount).toBe(0);
  expect((await channel.checkQueue(queue)).messageCount).toBe(0);
  expect(settled).toEqual(['dead-lettered']);
});

test('no acknowledgement is reported where the channel closed before', async () => {
  let reported = 0;
  await deliver();
  proxy.cut();
  await expect.poll(() => received).toHaveLength(2);
  for (const { settle } of received) settle({ kind: 'dead-letter', diagnosis, acknowledged: () => (reported += 1) });
  await expect.poll(() => settled.toSorted()).toEqual(['dead-lettered', 'lost']);
  await expect.poll(() => reported).toBe(1);
});
