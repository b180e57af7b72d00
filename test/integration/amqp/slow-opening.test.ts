import type { Channel, ChannelModel } from 'amqplib';
import { afterEach, expect, inject, test } from 'vitest';

import { SupervisedChannel, type ChannelUser } from '../../../src/amqp/connection/supervised-channel.ts';
import { ContactsClient } from '../../../src/client/index.ts';
import { DrippingPeer } from '../../support/dripping-peer.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';

const amqpUrl = inject('amqpUrl');
const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of opened.splice(0).toReversed()) await one.close();
});

async function dripping(...args: Parameters<typeof DrippingPeer.start>): Promise<DrippingPeer> {
  const peer = await DrippingPeer.start(...args);
  opened.push({ close: () => peer.stop() });
  return peer;
}

interface Supervised {
  readonly supervised: SupervisedChannel<Channel>;
  readonly lost: string[];
}

function supervise(url: string, timeoutMs: number): Supervised {
  const lost: string[] = [];
  const user: ChannelUser<Channel> = {
    open: (model: ChannelModel) => model.createChannel(),
    setUp: async (channel) => void (await channel.prefetch(1)),
    up: () => undefined,
    down: () => undefined,
  };
  const supervised = new SupervisedChannel('test', { urls: [url], timeoutMs, heartbeatS: 10 }, user, {
    lost: (_, reason) => lost.push(reason),
    restored: () => undefined,
  });
  opened.push({ close: () => supervised.stop() });
  return { supervised, lost };
}

test.each(['amqp', 'amqps'] as const)('an %s peer that drips bytes is abandoned, and tried again', async (protocol) => {
  const peer = await dripping(protocol, amqpUrl);
  const { lost } = supervise(peer.url, 400);
  await expect.poll(() => peer.connections, { timeout: 10_000 }).toBeGreaterThan(2);
  expect(lost[0]).toContain('ETIMEDOUT');
  // Each abandoned connection is closed.
  await expect.poll(() => peer.open).toBeLessThanOrEqual(1);
});

test('after a peer that drips bytes the channel is up once the broker answers', async () => {
  const peer = await dripping('amqp', amqpUrl, 2);
  const { supervised, lost } = supervise(peer.url, 2_000);
  await supervised.started;
  expect(lost).toHaveLength(2);
});

/** Class and method of connection.open-ok and of channel.open-ok. */
const OPEN_OK = Buffer.from([0, 10, 0, 41]);
const CHANNEL_OPEN_OK = Buffer.from([0, 20, 0, 11]);

test('connection and first channel share one time limit', async () => {
  const [timeoutMs, delayMs] = [2_000, 1_400];
  let begin = 0;
  // The broker's last answer before the channel is late; the one about the channel is dropped.
  const proxy = await TcpProxy.before(amqpUrl, ({ client }) => ({
    chunk: (direction, bytes) => {
      if (direction === 'up') return bytes;
      if (bytes.includes(CHANNEL_OPEN_OK)) return undefined;
      if (!bytes.includes(OPEN_OK)) return bytes;
      setTimeout(() => client.write(bytes), delayMs);
      return undefined;
    },
  }));
  opened.push({ close: () => proxy.close() });
  proxy.onConnection = (nth) => {
    if (nth === 1) begin = performance.now();
  };
  const { lost } = supervise(proxy.url(amqpUrl), timeoutMs);
  await expect.poll(() => lost.length, { timeout: 10_000, interval: 20 }).toBeGreaterThan(0);
  expect(lost[0]).toContain('opening a channel did not answer');
  expect(performance.now() - begin).toBeLessThan(timeoutMs + delayMs / 2);
});

test('the client reports a peer that drips bytes, though it would wait longer for an answer', async () => {
  const peer = await dripping('amqp', amqpUrl);
  await expect(ContactsClient.connect({ url: peer.url, timeoutMs: 120_000 })).rejects.toThrow('ETIMEDOUT');
  await expect.poll(() => peer.open).toBe(0);
});
