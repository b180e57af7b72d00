import type { Channel, ChannelModel } from 'amqplib';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';

import { SupervisedChannel, type ChannelUser } from '../../../src/amqp/connection/supervised-channel.ts';
import { blocked, closeOfChannel, FakeBroker } from '../../support/fake-broker.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';

const amqpUrl = inject('amqpUrl');
let proxy: TcpProxy;
let supervised: SupervisedChannel<Channel> | undefined;
const lost: string[] = [];

beforeEach(async () => {
  proxy = await TcpProxy.before(amqpUrl);
  lost.length = 0;
});

afterEach(async () => {
  await supervised?.stop();
  await proxy.close();
});

/** Records each channel and its connection. */
class Recorder implements ChannelUser<Channel> {
  readonly channels: Channel[] = [];
  readonly models: ChannelModel[] = [];
  isUp = false;
  onSetUp: (nth: number) => void = () => undefined;

  onOpen: () => void = () => undefined;

  open(model: ChannelModel): Promise<Channel> {
    this.models.push(model);
    this.onOpen();
    return model.createChannel();
  }

  async setUp(channel: Channel): Promise<void> {
    this.channels.push(channel);
    this.onSetUp(this.channels.length);
    await channel.prefetch(1);
  }

  up(): void {
    this.isUp = true;
  }

  downs = 0;

  down(): void {
    this.isUp = false;
    this.downs += 1;
  }

  readonly alarms: boolean[] = [];

  blocked(alarm: boolean): void {
    this.alarms.push(alarm);
  }
}

function open(recorder: Recorder, timeoutMs = 1_000): SupervisedChannel<Channel> {
  supervised = new SupervisedChannel('test', { urls: [proxy.url(amqpUrl)], timeoutMs, heartbeatS: 1 }, recorder, {
    lost: (_, reason) => lost.push(reason),
    restored: () => undefined,
  });
  return supervised;
}

test('a channel that the broker closes is replaced on the same connection', async () => {
  const recorder = new Recorder();
  await open(recorder).started;
  await recorder.channels[0]?.checkQueue('no-such-queue').catch(() => undefined);
  await expect.poll(() => recorder.channels).toHaveLength(2);
  await expect.poll(() => recorder.isUp).toBe(true);
  expect(recorder.models[1]).toBe(recorder.models[0]);
  expect(proxy.connections).toBe(1);
  expect(lost[0]).toContain('NOT_FOUND');
});

test('a cut connection is replaced with its channel', async () => {
  const recorder = new Recorder();
  await open(recorder).started;
  proxy.cut();
  await expect.poll(() => proxy.connections).toBe(2);
  await expect.poll(() => recorder.isUp).toBe(true);
  expect(recorder.models[1]).not.toBe(recorder.models[0]);
});

test('a connection that repeatedly drops during set-up is reopened until it holds', async () => {
  const recorder = new Recorder();
  recorder.onSetUp = (nth) => nth <= 3 && proxy.cut();
  await open(recorder).started;
  expect(recorder.channels.length).toBeGreaterThanOrEqual(4);
  expect(lost.length).toBeGreaterThanOrEqual(3);
  expect(recorder.isUp).toBe(true);
  // Each failed set-up was undone.
  expect(recorder.downs).toBe(recorder.channels.length - 1);
});

test('a peer that falls silent is replaced', { timeout: 20_000 }, async () => {
  const recorder = new Recorder();
  await open(recorder).started;
  proxy.silence();
  await expect.poll(() => proxy.connections).toBe(2);
  await expect.poll(() => recorder.isUp).toBe(true);
});

test('a peer that accepts and stays silent does not block the supervision forever', async () => {
  const recorder = new Recorder();
  proxy.onConnection = (nth) => nth === 1 && setImmediate(() => proxy.silence());
  await open(recorder).started;
  expect(proxy.connections).toBeGreaterThan(1);
});

test('an unavailable broker is retried until it accepts', async () => {
  const recorder = new Recorder();
  proxy.refuse();
  const { started } = open(recorder);
  await expect.poll(() => lost.length).toBeGreaterThan(2);
  proxy.accept();
  await started;
  expect(recorder.isUp).toBe(true);
});

test('stopping with a silent peer ends within the time limits', async () => {
  const recorder = new Recorder();
  const silent = open(recorder, 200);
  await silent.started;
  proxy.silence();
  const before = performance.now();
  await silent.stop();
  expect(performance.now() - before).toBeLessThan(2_000);
});

test('stopping while a channel opens ends', async () => {
  const recorder = new Recorder();
  let stopping: Promise<void> | undefined;
  recorder.onOpen = () => {
    stopping ??= supervised?.stop();
  };
  await open(recorder).started;
  await stopping;
  expect(stopping).toBeDefined();
  expect(recorder.isUp).toBe(false);
});

test('the broker’s alarm belongs to the connection: it is repeated for a new channel', async () => {
  const broker = await FakeBroker.start();
  const recorder = new Recorder();
  supervised = new SupervisedChannel('test', { urls: [broker.url], timeoutMs: 1_000, heartbeatS: 1 }, recorder, {
    lost: () => undefined,
    restored: () => undefined,
  });
  await supervised.started;
  broker.send(blocked());
  await expect.poll(() => recorder.alarms).toEqual([true]);
  broker.send(closeOfChannel(1));
  await expect.poll(() => recorder.alarms).toEqual([true, true]);
  expect(broker.connections).toBe(1);
  await supervised.stop();
  await broker.stop();
});

test('an alarm of a connection that brought no channel up ends with it', async () => {
  const broker = await FakeBroker.start();
  const recorder = new Recorder();
  const openChannel = recorder.open.bind(recorder);
  recorder.open = async (model) => {
    if (recorder.models.length === 1 && recorder.alarms.length === 0) {
      broker.send(blocked());
      await expect.poll(() => recorder.alarms).toEqual([true]);
      throw new Error('no channel');
    }
    return openChannel(model);
  };
  supervised = new SupervisedChannel('test', { urls: [broker.url], timeoutMs: 1_000, heartbeatS: 1 }, recorder, {
    lost: () => undefined,
    restored: () => undefined,
  });
  await supervised.started;
  broker.send(closeOfChannel(1));
  await expect.poll(() => broker.connections).toBe(2);
  await expect.poll(() => recorder.isUp).toBe(true);
  expect(recorder.alarms).toEqual([true, false]);
  await supervised.stop();
  await broker.stop();
});
