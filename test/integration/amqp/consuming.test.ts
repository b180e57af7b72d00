import { randomUUID } from 'node:crypto';

import { connect, type Channel, type ChannelModel } from 'amqplib';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';

import type { Handler } from '../../../src/amqp/consumer/consumer-settings.ts';
import type { Settlement } from '../../../src/protocol/settlement.ts';
import { acknowledge, recordedConsumer, type RecordedConsumer } from '../../support/recorded-consumer.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';

const amqpUrl = inject('amqpUrl');
let proxy: TcpProxy;
let running: RecordedConsumer[];
let model: ChannelModel;
let channel: Channel;
let queue: string;

beforeEach(async () => {
  queue = `test-${randomUUID()}`;
  running = [];
  model = await connect(amqpUrl);
  channel = await model.createChannel();
  proxy = await TcpProxy.before(amqpUrl);
});

afterEach(async () => {
  await Promise.all(running.map((each) => each.stop()));
  await proxy.close();
  await channel.deleteQueue(queue);
  await channel.deleteQueue(`${queue}.dead`);
  await model.close();
});

async function consume(handle: Handler = acknowledge, prefetch = 10): Promise<RecordedConsumer> {
  const started = recordedConsumer({ url: proxy.url(amqpUrl), publishUrl: amqpUrl }, { queue, prefetch }, handle);
  running.push(started);
  await started.consumer.started;
  return started;
}

async function depth(name: string): Promise<number> {
  return (await channel.checkQueue(name)).messageCount;
}

test('a pause consumes nothing and requeues nothing; consumption resumes after it, also on another connection', async () => {
  const { consumer, settled } = await consume();
  await consumer.pause(true);
  await expect.poll(async () => (await channel.checkQueue(queue)).consumerCount).toBe(0);
  expect(consumer.ready).toBe(false);
  channel.sendToQueue(queue, Buffer.from('a'));
  proxy.cut();
  await expect.poll(() => proxy.connections).toBe(2);
  expect((await channel.checkQueue(queue)).consumerCount).toBe(0);
  await consumer.pause(false);
  await expect.poll(() => settled).toEqual(['acknowledged']);
});

test('a pause that ends during the set-up does not consume from a queue that does not exist yet', async () => {
  const started = recordedConsumer({ url: proxy.url(amqpUrl), publishUrl: amqpUrl }, { queue });
  running.push(started);
  proxy.onConnection = () => {
    const toggling = setInterval(() => {
      void started.consumer.pause(true);
      void started.consumer.pause(false);
    }, 1);
    void started.consumer.started.finally(() => clearInterval(toggling));
  };
  await started.consumer.started;
  expect(proxy.connections).toBe(1);
});

test('a set-up that is cut off at any moment leaves nothing behind', async () => {
  const started = recordedConsumer({ url: proxy.url(amqpUrl), publishUrl: amqpUrl }, { queue });
  running.push(started);
  proxy.onConnection = (nth) => nth <= 12 && setTimeout(() => proxy.cut(), nth * 3);
  await started.consumer.started;
  await expect.poll(() => proxy.connections, { timeout: 30_000 }).toBeGreaterThan(12);
  channel.sendToQueue(queue, Buffer.from('a'));
  await expect.poll(() => started.settled).toEqual(['acknowledged']);
  await expect.poll(() => started.consumer.ready).toBe(true);
  expect((await channel.checkQueue(queue)).consumerCount).toBe(1);
}, 40_000);

test('deliveries in flight never exceed the prefetch, however often consumption pauses, and one that hangs delays no other', async () => {
  const held: ((settlement: Settlement) => void)[] = [];
  let most = 0;
  const { consumer, settled } = await consume(() => {
    most = Math.max(most, running[0]?.consumer.inFlight ?? 0);
    return new Promise((resolve) => held.push(resolve));
  });
  for (let count = 0; count < 30; count += 1) channel.sendToQueue(queue, Buffer.from('a'));
  await expect.poll(() => held).toHaveLength(10);
  for (const paused of [true, false, true, false]) await consumer.pause(paused);
  expect(consumer.ready).toBe(false);
  // The first one hangs. The room that others leave is used at once.
  for (const settle of held.slice(1, 4)) settle({ kind: 'acknowledge' });
  await expect.poll(() => held).toHaveLength(13);
  expect(consumer.ready).toBe(true);
  for (const paused of [true, false, true, false]) await consumer.pause(paused);
  for (let next = 4; next < 30; next += 1) {
    await expect.poll(() => held.length).toBeGreaterThan(next);
    held[next]?.({ kind: 'acknowledge' });
  }
  await expect.poll(() => settled).toHaveLength(29);
  expect(most).toBe(10);
  held[0]?.({ kind: 'acknowledge' });
  await expect.poll(() => settled).toHaveLength(30);
});

/** How often each request ended its process, and which requests are done. */
interface Fates {
  readonly kills: Map<string, number>;
  readonly done: Set<string>;
}

/**
 * A process: runs requests in turn, as the worker runs redelivered ones, until one ends it or all
 * are done.
 */
async function oneProcess({ kills, done }: Fates, attempts: number, all: number): Promise<void> {
  let end: (how: 'killed' | 'done') => void = () => undefined;
  const ended = new Promise<'killed' | 'done'>((resolve) => (end = resolve));
  let before: Promise<unknown> = Promise.resolve();
  const handle: Handler = ({ body }) => {
    const name = Buffer.from(body).toString();
    const settlement = before.then((): Settlement | Promise<Settlement> => {
      const killed = kills.get(name) ?? 0;
      if (name.startsWith('kills') && killed < attempts) {
        kills.set(name, killed + 1);
        end('killed');
        return new Promise(() => undefined);
      }
      if (done.add(name).size === all) end('done');
      return { kind: 'acknowledge' };
    });
    before = settlement;
    return settlement;
  };
  const started = await consume(handle, 256);
  if ((await ended) === 'killed') proxy.refuse();
  await started.stop();
  proxy.accept();
}

test('many requests that end their process make the broker dead-letter none of their neighbours', async () => {
  const fates: Fates = { kills: new Map(), done: new Set() };
  await (await consume()).stop();
  for (let nth = 0; nth < 24; nth += 1) channel.sendToQueue(queue, Buffer.from(`kills ${nth}`));
  for (let nth = 0; nth < 40; nth += 1) channel.sendToQueue(queue, Buffer.from(`innocent ${nth}`));
  await expect.poll(() => depth(queue)).toBe(64);
  for (let processes = 0; fates.done.size < 64 && processes < 200; processes += 1) await oneProcess(fates, 5, 64);
  // More than the queue's delivery limit.
  expect(running.length).toBeGreaterThan(24 * 5);
  expect(fates.done.size).toBe(64);
  expect(await depth(`${queue}.dead`)).toBe(0);
  const charged = running.flatMap(({ events }) =>
    events.filter(([name]) => name === 'charged').map(([, count]) => count),
  );
  expect(Math.max(...charged.map(Number))).toBeLessThan(30);
}, 120_000);
