import { randomUUID } from 'node:crypto';

import { connect } from 'amqplib';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { replyMessage } from '../../../src/amqp/messages.ts';
import { Publisher } from '../../../src/amqp/publisher.ts';
import { resumeQueue, suspendQueue } from '../../support/quorum-queue.ts';
import { startBroker, type OwnServer } from '../../support/servers.ts';

let broker: OwnServer;

beforeAll(async () => {
  broker = await startBroker();
}, 120_000);
afterAll(() => broker.remove());

test('new reply queues that are slow for a moment are not given up while lanes can be opened', async () => {
  const model = await connect(broker.url);
  const channel = await model.createChannel();
  const [good, ...slow] = Array.from({ length: 4 }, () => `queue-${randomUUID()}`);
  if (good === undefined) throw new Error('unreachable');
  for (const queue of [good, ...slow]) {
    await channel.assertQueue(queue, { arguments: { 'x-queue-type': 'quorum' } });
  }
  const publisher = new Publisher(
    { urls: [broker.url], timeoutMs: 2_000, heartbeatS: 10 },
    { confirmTimeoutMs: 15_000, prefetch: 4 },
    { lost: () => undefined, restored: () => undefined, open: () => undefined, republished: () => undefined },
  );
  await publisher.started;
  const answer = (to: string): Promise<string> =>
    publisher.publish(replyMessage({ to, correlationId: 'c', type: 't', headers: {}, body: Buffer.from('x') }));
  for (const queue of slow) await suspendQueue(broker, queue);
  const outcomes = Promise.all(slow.map(answer));
  // A fifth of the deadline passes while others are answered.
  const until = Date.now() + 3_000;
  while (Date.now() < until) expect(await answer(good)).toBe('routed');
  for (const queue of slow) await resumeQueue(broker, queue);
  expect(await outcomes).toEqual(slow.map(() => 'routed'));
  await publisher.stop();
  await model.close();
}, 60_000);
