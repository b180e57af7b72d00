import { beforeEach, expect, test } from 'vitest';

import { Destinations } from '../../../../src/amqp/publisher/destinations.ts';
import { newPending, type Destination } from '../../../../src/amqp/publisher/pending.ts';

const PREFETCH = 256;

let now: number;
let isBlameless: boolean;
let destinations: Destinations;

beforeEach(() => {
  now = 100;
  isBlameless = false;
  destinations = new Destinations(
    PREFETCH,
    () => isBlameless,
    () => now,
  );
});

/** A queue with this many waiting messages, behind one that it does not confirm. */
function silent(queue: string, count: number): Destination {
  const destination = destinations.of(queue);
  destination.inFlight = 1;
  for (let order = 1; order < count; order += 1) {
    const message = { queue, body: Buffer.from('x'), options: {} } as never;
    destination.waiting.push(newPending(message, destination, `${queue}-${order}`, order, () => undefined));
  }
  return destination;
}

test('a queue that has just become silent may elect a leader: half of the prefetch waits, and no more', () => {
  const queue = silent('elects', 200);
  expect(destinations.stall(queue)).toHaveLength(200 - PREFETCH / 2);
  expect(destinations.admit(queue, now, now)).toBe('unconfirmed');
  queue.waiting.pop();
  expect(destinations.admit(queue, now, now)).toBe('wait');
});

test('all queues that have just become silent share the half', () => {
  expect(destinations.stall(silent('one', 100))).toHaveLength(0);
  expect(destinations.stall(silent('other', 100))).toHaveLength(200 - PREFETCH / 2);
});

test('a queue that stays silent keeps a sixteenth', () => {
  const queue = silent('dead', 100);
  expect(destinations.stall(queue)).toHaveLength(0);
  now += 19;
  expect(destinations.stall(queue)).toHaveLength(0);
  now += 1;
  expect(destinations.stall(queue)).toHaveLength(100 - PREFETCH / 16);
  expect(destinations.admit(queue, now, now)).toBe('unconfirmed');
});

test('nothing is cut while the broker itself is in trouble', () => {
  const queue = silent('blameless', 200);
  isBlameless = true;
  expect(destinations.stall(queue)).toHaveLength(0);
  now += 20;
  expect(destinations.stall(queue)).toHaveLength(0);
});

test('queues that have just become silent leave the others their room', () => {
  destinations.stall(silent('elects', 128));
  const nacks = destinations.of('nacks');
  expect(destinations.mayHold(nacks)).toBe(true);
  expect(destinations.mayRetry(nacks)).toBe(true);
});
