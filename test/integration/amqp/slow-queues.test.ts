import { randomUUID } from 'node:crypto';

import { connect } from 'amqplib';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { replyMessage } from '../../../src/amqp/wire/messages.ts';
import { Publisher } from '../../../src/amqp/publisher/publisher.ts';
import { resumeQueue, suspendQueue } from '../../support/quorum-queue.ts';
import { IGNORED_PUBLISHER_EVENTS } from '../../support/recorded-consumer.ts';
import { startBroker, type OwnServer } from '../../support/servers.ts';

let broker: OwnServer;

beforeAll(async () => {
  broker = await startBroker();
}, 120_000);
afterAll(() => broker.remove());

/**
 * The outcomes of one answer to each of `count` new queues that stall while others are confirmed.
 */
async function outcomesOfSlow(count: number, prefetch: number): Promise<string[]> {
  const model = await connect(broker.url);
  const channel = await model.createChannel();
  const [good, ...slow] = Array.from({ length: count + 1 }, () => `queue-${randomUUID()}`);
  if (good === undefined) throw new Error('unreachable');
  for (const queue of [good, ...slow]) {
    await channel.assertQueue(queue, { arguments: { 'x-queue-type': 'quorum' } });
  }
  const publisher = new Publisher(
    { urls: [broker.url], timeoutMs: 2_000, heartbeatS: 10 },
    { confirmTimeoutMs: 15_000, prefetch, probeQueue: 'contacts.test.probe' },
    IGNORED_PUBLISHER_EVENTS,
  );
  await publisher.started;
  const answer = (to: string): Promise<string> =>
    publisher.publish(replyMessage({ to, correlationId: 'c', type: 't', headers: {}, body: Buffer.from('x') }));
  // The main channel serves it from now on, so that it needs no isolated channel.
  for (let nth = 0; nth < 2; nth += 1) expect(await answer(good)).toBe('routed');
  await suspendQueue(broker, ...slow);
  const outcomes = Promise.all(slow.map(answer));
  // A fifth of the deadline passes while others are confirmed.
  const until = Date.now() + 3_000;
  while (Date.now() < until) expect(await answer(good)).toBe('routed');
  await resumeQueue(broker, ...slow);
  const all = await outcomes;
  await publisher.stop();
  await model.close();
  return all;
}

test('new reply queues that stall briefly are not abandoned while channels can be opened', async () => {
  expect(await outcomesOfSlow(3, 4)).toEqual(['routed', 'routed', 'routed']);
}, 60_000);

test('stalled new reply queues that outnumber the channels get more channels, and none is abandoned', async () => {
  expect(await outcomesOfSlow(40, 256)).toEqual(Array.from({ length: 40 }, () => 'routed'));
}, 60_000);
