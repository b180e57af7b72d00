import { connect } from 'amqplib';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { startCluster, type BrokerCluster } from '../../chaos/cluster/broker-cluster.ts';
import { ensureDocker } from '../../infrastructure/docker.ts';
import { declareTopology } from '../../src/amqp/connection/topology.ts';
import { singleQueue } from '../../src/protocol/request-queues.ts';
import { Publisher } from '../../src/amqp/publisher/publisher.ts';
import { replyMessage } from '../../src/amqp/wire/messages.ts';
import { recordedConsumer } from '../support/recorded-consumer.ts';

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

/** A publisher like the worker's, with short times. */
function publisherAt(url: string, confirmTimeoutMs = CONFIRM_TIMEOUT_MS) {
  const majorities: boolean[] = [];
  let missing: () => void = () => undefined;
  const isMissing = new Promise<void>((resolve) => (missing = resolve));
  const publisher = new Publisher(
    { urls: [url], timeoutMs: 2_000, heartbeatS: 60 },
    { confirmTimeoutMs, prefetch: 256, probeQueue: 'contacts.test.majority' },
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
  return { publisher, majorities, isMissing };
}

/** A channel to one node, and the others, which are to freeze. */
async function connected() {
  const [alive, ...others] = cluster.nodes;
  if (alive === undefined) throw new Error('unreachable');
  const model = await connect(alive.url);
  model.on('error', () => undefined);
  return { alive, others, model, channel: await model.createChannel() };
}

function replyTo(queue: string): ReturnType<typeof replyMessage> {
  return replyMessage({ to: queue, correlationId: 'c', type: 't', headers: {}, body: Buffer.from('x') });
}

test(
  'two of three brokers freeze: an answer waits beyond its deadline, and arrives',
  { timeout: 180_000 },
  async () => {
    const { alive, others, model, channel } = await connected();
    await channel.assertQueue(QUEUE, { arguments: { 'x-queue-type': 'quorum' } });
    const { publisher, majorities, isMissing } = publisherAt(alive.url);
    const answer = (): Promise<string> => publisher.publish(replyTo(QUEUE));
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

test(
  'without a majority, silent quorum queues take turns, and other queues get their answers',
  { timeout: 180_000 },
  async () => {
    const { alive, others, model, channel } = await connected();
    // More than there are isolated channels.
    const silent = Array.from({ length: 80 }, (_, nth) => `silent-${nth}`);
    for (const queue of silent) await channel.assertQueue(queue, { arguments: { 'x-queue-type': 'quorum' } });
    const quick = Array.from({ length: 20 }, (_, nth) => `quick-${nth}`);
    for (const queue of quick) await channel.assertQueue(queue, { exclusive: true });
    // Time for 80 elections.
    const { publisher, isMissing } = publisherAt(alive.url, 5 * CONFIRM_TIMEOUT_MS);
    try {
      await publisher.started;
      await Promise.all(others.map((node) => node.pause()));
      const late = silent.map((queue) => publisher.publish(replyTo(queue)));
      await isMissing;
      // Each queue is a stranger to the main channel, and each answer comes while no majority is there.
      for (const queue of quick) expect(await publisher.publish(replyTo(queue))).toBe('routed');
      await Promise.all(others.map((node) => node.resume()));
      expect(await Promise.all(late)).toEqual(silent.map(() => 'routed'));
    } finally {
      await Promise.all(others.map((node) => node.resume().catch(() => undefined)));
      await publisher.stop();
      await model.close().catch(() => undefined);
    }
  },
);

/** Declares queues as the worker does, until one has its leader here, and one elsewhere. */
async function queuesByLeader(
  node: BrokerCluster['nodes'][number],
): Promise<readonly [here: string, elsewhere: string]> {
  const model = await connect(node.url);
  const found = new Map<boolean, string>();
  for (let nth = 0; found.size < 2; nth += 1) {
    const queue = `requests-${nth}`;
    await declareTopology(model, singleQueue(queue));
    found.set((await cluster.leaderOf(queue)) === node, queue);
  }
  await model.close();
  return [found.get(true) as string, found.get(false) as string];
}

test(
  'consumers at a node that is cut off from its cluster move to another, the queue’s former leader or not',
  { timeout: 240_000 },
  async () => {
    const [cutOff, ...others] = cluster.nodes;
    const [other] = others;
    if (cutOff === undefined || other === undefined) throw new Error('unreachable');
    const queues = await queuesByLeader(cutOff);
    const urls = { url: cutOff.url, others: others.map(({ url }) => url), publishUrl: other.url, timeoutMs: 5_000 };
    const consumers = queues.map((queue) => recordedConsumer(urls, { queue }));
    try {
      await Promise.all(consumers.map(({ consumer }) => consumer.started));
      await cluster.partition([[cutOff], others]);
      const model = await connect(other.url);
      model.on('error', () => undefined);
      const channel = await model.createConfirmChannel();
      for (const queue of queues) channel.sendToQueue(queue, Buffer.from('x'));
      for (const [nth, { received, events }] of consumers.entries()) {
        await expect.poll(() => received.length, { timeout: 100_000, interval: 500 }).toBeGreaterThan(0);
        expect(events, queues[nth]).toContainEqual(['stalled', 'another node']);
      }
      await model.close();
    } finally {
      await cluster.heal();
      for (const { stop } of consumers) await stop();
    }
  },
);
