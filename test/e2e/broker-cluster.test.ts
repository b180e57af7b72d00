import { connect } from 'amqplib';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { startCluster, type BrokerCluster } from '../../chaos/cluster/broker-cluster.ts';
import { ensureDocker } from '../../infrastructure/docker.ts';
import { Publisher } from '../../src/amqp/publisher/publisher.ts';
import { replyMessage } from '../../src/amqp/wire/messages.ts';

const QUEUE = 'replies';
/** A message without a confirm is abandoned after this time, where its queue is to blame. */
const CONFIRM_TIMEOUT_MS = 3_000;

const undo: (() => Promise<unknown>)[] = [];
let cluster: BrokerCluster;

beforeAll(async () => {
  await ensureDocker();
  cluster = await startCluster(undo);
}, 300_000);

afterAll(async () => {
  for (const step of undo.splice(0)) await step();
}, 120_000);

test(
  'two of three brokers freeze: an answer waits beyond its deadline, and arrives',
  { timeout: 180_000 },
  async () => {
    const [alive, ...others] = cluster.nodes;
    if (alive === undefined) throw new Error('unreachable');
    const model = await connect(alive.url);
    model.on('error', () => undefined);
    const channel = await model.createChannel();
    await channel.assertQueue(QUEUE, { arguments: { 'x-queue-type': 'quorum' } });
    const majorities: boolean[] = [];
    let missing: () => void = () => undefined;
    const isMissing = new Promise<void>((resolve) => (missing = resolve));
    const publisher = new Publisher(
      { urls: [alive.url], timeoutMs: 2_000, heartbeatS: 60 },
      { confirmTimeoutMs: CONFIRM_TIMEOUT_MS, prefetch: 16, probeQueue: 'contacts.test.majority' },
      {
        lost: () => undefined,
        restored: () => undefined,
        open: () => undefined,
        republished: () => undefined,
        majority: (isPresent) => {
          majorities.push(isPresent);
          if (!isPresent) missing();
        },
      },
    );
    const answer = (): Promise<string> =>
      publisher.publish(
        replyMessage({ to: QUEUE, correlationId: 'c', type: 't', headers: {}, body: Buffer.from('x') }),
      );
    try {
      await publisher.started;
      expect(await answer()).toBe('routed');
      await Promise.all(others.map((node) => node.pause()));
      const outcome = answer();
      await isMissing;
      // The deadline passes, and nothing else is to be waited for.
      await new Promise((resolve) => setTimeout(resolve, 2 * CONFIRM_TIMEOUT_MS));
      await Promise.all(others.map((node) => node.resume()));
      expect(await outcome).toBe('routed');
      await expect.poll(() => majorities, { timeout: 30_000 }).toEqual([false, true]);
      // The last questions' queues are gone, at the latest when they expire.
      const listed = (): Promise<string> =>
        alive.exec('rabbitmqctl', '-q', 'list_queues', 'name', '--no-table-headers');
      await expect.poll(async () => (await listed()).trim(), { timeout: 90_000, interval: 1_000 }).toBe(QUEUE);
    } finally {
      await publisher.stop();
      await model.close().catch(() => undefined);
    }
  },
);
