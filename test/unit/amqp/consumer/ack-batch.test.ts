import type { Channel, ConsumeMessage } from 'amqplib';
import { expect, test, vi } from 'vitest';

import { AckBatch } from '../../../../src/amqp/consumer/ack-batch.ts';
import { OpenDeliveries } from '../../../../src/amqp/consumer/open-deliveries.ts';

/** Records what is sent; whether the broker takes it is for the integration tests. */
function batchOf(prefetch: number): {
  batch: AckBatch;
  open: OpenDeliveries;
  sent: (readonly [tag: number, multiple: boolean])[];
} {
  const open = new OpenDeliveries();
  const sent: (readonly [number, boolean])[] = [];
  const channel = {
    ack: ({ fields }: ConsumeMessage, multiple = false) => void sent.push([fields.deliveryTag, multiple]),
  };
  return { batch: new AckBatch(channel as unknown as Channel, open, (waiting) => prefetch > waiting), open, sent };
}

const delivery = (deliveryTag: number): ConsumeMessage => ({ fields: { deliveryTag } }) as ConsumeMessage;
const nothing = (): void => undefined;
const endOfTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a lone acknowledgement waits, and is sent together with the next one', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const { batch, sent } = batchOf(4);
    batch.add(delivery(1), nothing);
    await endOfTurn();
    expect([sent, batch.size]).toEqual([[], 1]);
    batch.add(delivery(2), nothing);
    vi.advanceTimersByTime(3);
    expect([sent, batch.size]).toEqual([[[2, true]], 0]);
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test.each([
  ['another delivery is unsettled', 4, true],
  ['the broker delivers nothing before', 1, false],
])('it waits for no more than the turn where %s', async (_, prefetch, others) => {
  const { batch, open, sent } = batchOf(prefetch);
  if (others) open.add(delivery(9));
  batch.add(delivery(1), nothing);
  await endOfTurn();
  expect(sent).toEqual([[1, true]]);
});

test('what waits is sent where the broker delivers nothing before', async () => {
  const { batch, sent } = batchOf(2);
  batch.add(delivery(1), nothing);
  await endOfTurn();
  batch.add(delivery(2), nothing);
  await endOfTurn();
  expect(sent).toEqual([[2, true]]);
});

test('what waits is sent with what must not wait, and its timer ends', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const { batch, open, sent } = batchOf(4);
    batch.add(delivery(1), nothing);
    open.add(delivery(3));
    batch.add(delivery(2), nothing);
    await endOfTurn();
    expect([sent, vi.getTimerCount()]).toEqual([[[2, true]], 0]);
  } finally {
    vi.useRealTimers();
  }
});

test('before its channel is closed it is sent at once, and reported once', () => {
  const { batch, sent } = batchOf(4);
  const reports: boolean[] = [];
  batch.add(delivery(1), (lost) => reports.push(lost));
  batch.send();
  batch.send();
  expect([sent, reports]).toEqual([[[1, true]], [false]]);
});
