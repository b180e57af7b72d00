import { randomUUID } from 'node:crypto';

import { connect, type ConsumeMessage } from 'amqplib';
import { expect, inject, onTestFinished, test, vi } from 'vitest';

import { Subscription } from '../../../src/amqp/consumer/subscription.ts';
import { POLLING } from '../../support/polling.ts';

test('a channel that is lost while its last acknowledgement waits is not released as well', async () => {
  const model = await connect(inject('amqpUrl'));
  onTestFinished(() => model.close());
  const channel = await model.createChannel();
  const queue = `test-${randomUUID()}`;
  await channel.assertQueue(queue, { exclusive: true });
  const received: ConsumeMessage[] = [];
  const [released, settled] = [vi.fn<() => void>(), vi.fn<() => void>()];
  let wanted = true;
  const subscription = new Subscription(channel, { queue, prefetch: 10, timeoutMs: 5_000, several: {} }, 1, {
    shouldConsume: () => wanted,
    oneAtATime: () => false,
    received: (message) => received.push(message),
    lost: vi.fn<() => void>(),
    failed: vi.fn<() => void>(),
    release: released,
  });
  await subscription.start();
  channel.sendToQueue(queue, Buffer.from('a'));
  await vi.waitUntil(() => received.length === 1, POLLING);
  // The queue is to be passed on as soon as the one request in flight is settled.
  wanted = false;
  await subscription.adjust();
  subscription.acknowledge(received[0]!, settled);
  expect(settled).not.toHaveBeenCalled();
  subscription.drop();
  expect(settled).toHaveBeenCalledOnce();
  expect(released).not.toHaveBeenCalled();
});
