import { randomUUID } from 'node:crypto';

import { connect } from 'amqplib';
import { afterEach, expect, inject, test } from 'vitest';

import type { Settlement } from '../../../src/protocol/settlement.ts';
import { POLLING } from '../../support/polling.ts';
import { recordedConsumer, type RecordedConsumer } from '../../support/recorded-consumer.ts';

const amqpUrl = inject('amqpUrl');
const PREFETCH = 10;
const cleanUps: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

/** Two consumers of one queue, which settle nothing until `release`. */
async function consumersOf(priorities: readonly number[]): Promise<{
  readonly consumers: readonly RecordedConsumer[];
  readonly publish: (count: number) => Promise<void>;
  readonly release: () => void;
}> {
  const queue = `test-${randomUUID()}`;
  const model = await connect(amqpUrl);
  const channel = await model.createConfirmChannel();
  cleanUps.push(async () => {
    await channel.deleteQueue(queue);
    await channel.deleteQueue(`${queue}.dead`);
    await model.close();
  });
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const acknowledge = (): Promise<Settlement> => released.then(() => ({ kind: 'acknowledge' }));
  const consumers: RecordedConsumer[] = [];
  for (const priority of priorities) {
    const urls = { url: amqpUrl, publishUrl: amqpUrl };
    const consumer = recordedConsumer(urls, { queue, priority, prefetch: PREFETCH }, acknowledge);
    cleanUps.push(() => {
      release();
      return consumer.stop();
    });
    await consumer.consumer.started;
    consumers.push(consumer);
  }
  const publish = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i += 1) channel.sendToQueue(queue, Buffer.from('x'));
    await channel.waitForConfirms();
  };
  return { consumers, publish, release };
}

test('of two consumers the one with the higher priority gets all that its prefetch allows', async () => {
  const { consumers, publish, release } = await consumersOf([1, 2]);
  const [low, high] = consumers;
  await publish(PREFETCH);
  await expect.poll(() => high?.received.length, POLLING).toBe(PREFETCH);
  expect(low?.received).toHaveLength(0);
  await publish(3);
  await expect.poll(() => low?.received.length, POLLING).toBe(3);
  release();
  await expect.poll(() => (low?.settled.length ?? 0) + (high?.settled.length ?? 0), POLLING).toBe(PREFETCH + 3);
});

test('consumers of equal priority share', async () => {
  const { consumers, publish } = await consumersOf([0, 0]);
  await publish(PREFETCH);
  await expect.poll(() => consumers.map(({ received }) => received.length), POLLING).toEqual([5, 5]);
});

test('when the higher one stops, the other takes over', async () => {
  const { consumers, publish, release } = await consumersOf([1, 2]);
  release();
  await consumers[1]?.stop();
  await publish(3);
  await expect.poll(() => consumers[0]?.settled, POLLING).toEqual(Array.from({ length: 3 }, () => 'acknowledged'));
});
