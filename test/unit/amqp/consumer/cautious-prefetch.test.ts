import type { ConsumeMessage } from 'amqplib';
import { beforeEach, expect, test } from 'vitest';

import { CautiousPrefetch, deliveryCountOf } from '../../../../src/amqp/consumer/cautious-prefetch.ts';

let now = 0;
let onSettled: unknown[] = [];
let prefetch: CautiousPrefetch;

beforeEach(() => {
  now = 1_000_000;
  onSettled = [];
  prefetch = new CautiousPrefetch(
    (reason) => onSettled.push(reason),
    () => now,
  );
});

function delivery(headers: Readonly<Record<string, unknown>>, redelivered = true): ConsumeMessage {
  return { fields: { redelivered }, properties: { headers }, content: Buffer.alloc(0) } as unknown as ConsumeMessage;
}

function succeed(times: number): void {
  for (let time = 0; time < times; time += 1) prefetch.recordSuccess();
}

test.each([
  [{ 'x-delivery-count': 12, 'x-acquired-count': 14 }, true, 12],
  [{ 'x-delivery-count': 12 }, true, 12],
  // Forged by the producer: the broker has delivered it less often, or never.
  [{ 'x-delivery-count': 77, 'x-acquired-count': 2 }, true, 2],
  [{ 'x-delivery-count': 77, 'x-acquired-count': 99 }, false, 0],
  [{ 'x-delivery-count': 'many' }, true, 0],
  [{}, true, 0],
])('the delivery count of %j, redelivered %s, is %i', (headers, redelivered, count) => {
  expect(deliveryCountOf(delivery(headers, redelivered))).toBe(count);
});

test('one lost channel requires one successful request', () => {
  prefetch.lost();
  expect(prefetch.oneAtATime).toBe(true);
  succeed(1);
  expect(prefetch.oneAtATime).toBe(false);
  expect(onSettled).toEqual(['the link was lost while consuming', undefined]);
});

test('each further loss requires more successes, up to a bound; losses far apart do not add up', () => {
  for (let loss = 0; loss < 3; loss += 1) prefetch.lost();
  succeed(31);
  expect(prefetch.oneAtATime).toBe(true);
  succeed(1);
  expect(prefetch.oneAtATime).toBe(false);
  for (let loss = 0; loss < 50; loss += 1) prefetch.lost();
  succeed(256);
  expect(prefetch.oneAtATime).toBe(false);
  now += 61_000;
  prefetch.lost();
  succeed(1);
  expect(prefetch.oneAtATime).toBe(false);
});

test('a delivery that was charged often is recognised, and requires a run of successes', () => {
  expect(prefetch.delivered(delivery({ 'x-delivery-count': 9 }))).toBe(false);
  expect(prefetch.oneAtATime).toBe(false);
  expect(prefetch.delivered(delivery({ 'x-delivery-count': 10 }))).toBe(true);
  succeed(15);
  expect(prefetch.oneAtATime).toBe(true);
  expect(prefetch.delivered(delivery({ 'x-delivery-count': 10 }))).toBe(true);
  succeed(16);
  expect(onSettled).toEqual(['a request came back often', undefined]);
});

test('with few requests the caution ends after a quiet time', () => {
  for (let loss = 0; loss < 5; loss += 1) prefetch.lost();
  now += 29_000;
  prefetch.tick();
  expect(prefetch.oneAtATime).toBe(true);
  now += 1_000;
  prefetch.tick();
  prefetch.tick();
  expect(onSettled).toEqual(['the link was lost while consuming', undefined]);
});

test('the channel is reopened at once after each loss, but not forever while no request succeeds', () => {
  expect(prefetch.retriesFast()).toBe(false);
  prefetch.lost();
  expect([prefetch.retriesFast(), prefetch.retriesFast()]).toEqual([true, false]);
  for (let loss = 0; loss < 1_000; loss += 1) prefetch.lost();
  expect(prefetch.retriesFast()).toBe(false);
  prefetch.recordSuccess();
  prefetch.lost();
  expect(prefetch.retriesFast()).toBe(true);
});
