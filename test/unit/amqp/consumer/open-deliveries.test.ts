import type { ConsumeMessage } from 'amqplib';
import { expect, test } from 'vitest';

import { OpenDeliveries } from '../../../../src/amqp/consumer/open-deliveries.ts';

const delivery = (deliveryTag: number): ConsumeMessage => ({ fields: { deliveryTag } }) as ConsumeMessage;

test('deliveries are open, oldest first, until they are taken', () => {
  const open = new OpenDeliveries();
  const all = [1, 2, 3].map((tag) => delivery(tag));
  for (const message of all) open.add(message);
  expect([open.size, open.oldestTag, open.messages()]).toEqual([3, 1, all]);
  expect(open.take(all[0]!)).toBeGreaterThan(0);
  expect([open.size, open.oldestTag, open.messages()]).toEqual([2, 2, all.slice(1)]);
  expect([open.has(all[0]!), open.has(all[1]!), open.take(all[0]!)]).toEqual([false, true, undefined]);
});

test('a delivery of another channel with the same tag is not open here', () => {
  const open = new OpenDeliveries();
  const own = delivery(1);
  open.add(own);
  expect([open.has(delivery(1)), open.take(delivery(1)), open.size]).toEqual([false, undefined, 1]);
  expect(open.take(own)).toBeDefined();
});

test('whether another one arrived since', () => {
  const open = new OpenDeliveries();
  const before = performance.now();
  const own = delivery(1);
  open.add(own);
  expect([open.hasOtherSince(before - 1, own), open.hasOtherSince(before - 1, undefined)]).toEqual([false, true]);
  open.add(delivery(2));
  expect([open.hasOtherSince(before - 1, own), open.hasOtherSince(performance.now() + 1, own)]).toEqual([true, false]);
});
