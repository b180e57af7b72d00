import { afterEach, expect, test } from 'vitest';

import { Destinations } from '../../../../src/amqp/publisher/destinations.ts';
import { NackRetry } from '../../../../src/amqp/publisher/nack-retry.ts';
import { newPending, type Pending } from '../../../../src/amqp/publisher/pending.ts';

let isBlameless = false;
const destinations = new Destinations(256, () => isBlameless);
const finished: Pending[] = [];
const retry = new NackRetry(destinations, {
  finish: (pending) => void finished.push(pending),
  pump: () => undefined,
  republished: () => undefined,
  now: () => 0,
  isBlameless: () => isBlameless,
});

afterEach(() => {
  for (const destination of destinations.all()) destinations.restore(destination);
  finished.length = 0;
  isBlameless = false;
});

function message(queue: string, order: number): Pending {
  const destination = destinations.of(queue);
  destination.open += 1;
  const content = { queue, body: Buffer.from('x'), options: {} } as never;
  return newPending(content, destination, `id-${order}`, order, () => undefined);
}

test('a silent queue that nacks at last is retried like any other', () => {
  const pending = message('silent', 1);
  const { destination } = pending;
  destinations.stall(destination);
  expect(destination.canSend).toBe(false);
  retry.nacked(destination, pending);
  destination.retryDue = true;
  expect(destination.canSend).toBe(true);
});

test('answers kept while no queue was to blame are not cut by the first nack afterwards', () => {
  const destination = destinations.of('kept');
  isBlameless = true;
  for (let order = 1; order <= 200; order += 1) retry.nacked(destination, message('kept', order));
  isBlameless = false;
  const [first] = destination.waiting.splice(0, 1);
  destination.retried = first;
  retry.nacked(destination, first as Pending);
  expect(finished).toEqual([]);
  expect(destination.waiting).toHaveLength(200);
  const other = message('other', 201);
  retry.nacked(other.destination, other);
  expect(finished).toEqual([]);
});

test('a queue that nobody answers to any more asks for nothing', () => {
  const pending = message('left', 1);
  retry.nacked(pending.destination, pending);
  expect(destinations.isRetrying).toBe(true);
  pending.destination.open = 0;
  expect(destinations.isRetrying).toBe(false);
});
