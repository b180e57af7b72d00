import { randomUUID } from 'node:crypto';

import { connect, type Channel, type ChannelModel } from 'amqplib';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';

import { POLLING } from '../../support/polling.ts';
import { recordedConsumer, type RecordedConsumer } from '../../support/recorded-consumer.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';

const amqpUrl = inject('amqpUrl');
let model: ChannelModel;
let channel: Channel;
let proxy: TcpProxy;
let queue: string;
let recorded: RecordedConsumer;

beforeEach(async () => {
  queue = `test-${randomUUID()}`;
  model = await connect(amqpUrl);
  channel = await model.createChannel();
  proxy = await TcpProxy.before(amqpUrl);
  recorded = recordedConsumer({ url: proxy.url(amqpUrl), publishUrl: amqpUrl }, { queue });
  await recorded.consumer.started;
});

afterEach(async () => {
  await recorded.stop();
  await proxy.close();
  await channel.deleteQueue(queue);
  await channel.deleteQueue(`${queue}.dead`);
  await model.close();
});

test('a dead-letter queue that is recreated with other arguments does not end a running worker', async () => {
  await channel.deleteQueue(`${queue}.dead`);
  await channel.assertQueue(`${queue}.dead`, { durable: true });
  proxy.cut();
  channel.sendToQueue(queue, Buffer.from('x'));
  await expect.poll(() => recorded.settled, POLLING).toContain('acknowledged');
  expect(recorded.events.map(([name]) => name)).toContain('mismatched');
});

test('the fields of a header named __proto__ do not count as headers', async () => {
  const headers = JSON.parse('{"__proto__": {"deadline": 1}, "kept": 2}') as Record<string, unknown>;
  channel.sendToQueue(queue, Buffer.from('x'), { headers });
  await expect.poll(() => recorded.received.length, POLLING).toBe(1);
  const received = recorded.received[0]?.properties.headers ?? {};
  expect([received['deadline'], received['kept']]).toEqual([undefined, 2]);
});
