import { afterEach, expect, inject, test } from 'vitest';

import type { Handler } from '../../../src/amqp/consumer/consumer-settings.ts';
import {
  cancelOf,
  closeOfChannel,
  closeOfConnection,
  deliveryOf,
  FakeBroker,
  type FakeBehaviour,
} from '../../support/fake-broker.ts';
import { acknowledge, recordedConsumer, type RecordedConsumer } from '../../support/recorded-consumer.ts';

const NO_PROPERTIES = Buffer.from([0, 0]);
const NOTHING = Buffer.alloc(0);

let broker: FakeBroker;
let running: RecordedConsumer;

afterEach(async () => {
  await running.stop();
  await broker.stop();
});

async function consume(
  behaviour: Partial<FakeBehaviour>,
  settings: { readonly exitWhenStuckMs?: number; readonly prefetch?: number } = {},
  handle: Handler = acknowledge,
): Promise<RecordedConsumer> {
  broker = await FakeBroker.start(behaviour);
  // Nothing is published here.
  running = recordedConsumer(
    { url: broker.url, publishUrl: inject('amqpUrl') },
    { queue: 'queue', ...settings },
    handle,
  );
  await running.consumer.started;
  return running;
}

function remedies(): unknown[] {
  return running.events.filter(([name]) => name === 'stalled').map(([, remedy]) => remedy);
}

test.each([
  ['the broker’s cancel of the consumer', cancelOf],
  ['the loss of the channel', closeOfChannel],
  ['the loss of the connection', closeOfConnection],
])('%s in one segment with consume-ok does not leave the worker without deliveries', async (_, loss) => {
  const { consumer, settled } = await consume({
    afterConsume: (nth, channel, tag) =>
      nth === 1 ? loss(channel, tag) : deliveryOf(channel, tag, 1, NO_PROPERTIES, Buffer.from('x')),
  });
  await expect.poll(() => settled).toEqual(['acknowledged']);
  expect(broker.consumers).toBeGreaterThan(1);
  await expect.poll(() => consumer.ready).toBe(true);
});

test('requests wait and none is delivered: not ready, a new channel, a new connection, and it recovers', async () => {
  let waiting = 1;
  const { consumer, settled } = await consume(
    {
      messageCount: () => waiting,
      // Delivers nothing on the first connection.
      afterConsume: (_, channel, tag) => {
        if (broker.connections === 1) return NOTHING;
        waiting = 0;
        return deliveryOf(channel, tag, 1, NO_PROPERTIES, Buffer.from('x'));
      },
    },
    { exitWhenStuckMs: 4_000 },
  );
  expect(consumer.ready).toBe(true);
  await expect.poll(() => consumer.ready, { timeout: 3_000 }).toBe(false);
  await expect.poll(() => settled, { timeout: 5_000 }).toEqual(['acknowledged']);
  expect(remedies()).toEqual(['new channel', 'new connection']);
  expect(broker.consumers).toBe(3);
  expect(broker.connections).toBe(2);
  expect(consumer.ready).toBe(true);
});

test('a stall that no remedy ends fails the consumer', async () => {
  const { consumer } = await consume({ messageCount: () => 1 }, { exitWhenStuckMs: 1_000 });
  await expect(consumer.ended).rejects.toThrow('requests wait and none is delivered');
  const looks = broker.looks;
  await expect.poll(() => broker.looks).toBeGreaterThan(looks + 4);
  expect(remedies()).toEqual(['new channel', 'new connection', 'new connection', 'exit']);
});

test('no stall: no request waits, or consumption is paused', async () => {
  let waiting = 0;
  const { consumer } = await consume({ messageCount: () => waiting }, { exitWhenStuckMs: 400 });
  const manyPolls = async (): Promise<void> => {
    const before = broker.looks;
    await expect.poll(() => broker.looks, { timeout: 5_000 }).toBeGreaterThan(before + 100);
  };
  await manyPolls();
  expect([...consumer.depths]).toEqual([
    ['queue', 0],
    ['queue.dead', 0],
  ]);
  await consumer.pause(true);
  waiting = 1;
  await manyPolls();
  expect(remedies()).toEqual([]);
  await consumer.pause(false);
  await expect(consumer.ended).rejects.toThrow('none is delivered');
});

test('requests that fill the prefetch and do not end are a stall', async () => {
  const { consumer } = await consume(
    {
      afterConsume: (_, channel, tag) =>
        Buffer.concat([1, 2].map((nth) => deliveryOf(channel, tag, nth, NO_PROPERTIES, Buffer.from('x')))),
    },
    { exitWhenStuckMs: 1_000, prefetch: 2 },
    () => new Promise(() => undefined),
  );
  await expect(consumer.ended).rejects.toThrow('no request in flight ends');
  expect(consumer.ready).toBe(false);
  expect(remedies()).toEqual(['exit']);
});

const HEADERS = 0x20;
const REPLY_TO = 0x02;

test.each([
  ['of an unknown type', [HEADERS | REPLY_TO, 0, 0, 0, 0, 3, 1, 97, 63, 1, 113], 'q'],
  ['longer than the frame', [HEADERS | REPLY_TO, 0, 0, 0, 9, 9, 1, 97, 86], undefined],
  ['truncated in a number', [HEADERS | REPLY_TO, 0, 0, 0, 0, 4, 1, 97, 73, 0, 1, 113], 'q'],
])('a header %s costs only its message', async (_, properties, replyTo) => {
  const { received, settled } = await consume({
    afterConsume: (_nth, channel, tag) =>
      Buffer.concat([
        deliveryOf(channel, tag, 1, Buffer.from(properties), Buffer.from('odd')),
        deliveryOf(channel, tag, 2, NO_PROPERTIES, Buffer.from('right')),
      ]),
  });
  await expect.poll(() => settled).toEqual(['acknowledged', 'acknowledged']);
  expect(received.map(({ body, unreadable }) => [Buffer.from(body).toString(), unreadable])).toEqual([
    ['odd', true],
    ['right', false],
  ]);
  expect(received[0]?.properties.replyTo).toBe(replyTo);
  expect(broker.connections).toBe(1);
});
