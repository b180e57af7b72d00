import { afterEach, expect, test } from 'vitest';

import { Destinations } from '../../../../src/amqp/publisher/destinations.ts';
import { replyMessage } from '../../../../src/amqp/wire/messages.ts';
import { newPending, type Destination, type Pending } from '../../../../src/amqp/publisher/pending.ts';
import { Refusals } from '../../../../src/amqp/publisher/refusals.ts';

const message = replyMessage({ to: 'full', correlationId: 'c', type: 't', headers: {}, body: Buffer.from('x') });
let destinations: Destinations;

function waitingFor(destination: Destination, count: number): Pending[] {
  return Array.from({ length: count }, (_, nth) => newPending(message, destination, String(nth), nth, () => undefined));
}

function refusing(prefetch: number): { refusals: Refusals; finished: Pending[] } {
  destinations = new Destinations(prefetch);
  const finished: Pending[] = [];
  const host = {
    finish: (pending: Pending) => void finished.push(pending),
    pump: () => undefined,
    republished: () => undefined,
  };
  return { refusals: new Refusals(destinations, host), finished };
}

afterEach(() => {
  for (const destination of destinations.all()) destinations.relieve(destination);
});

test('a queue that refuses the first of many: it is tried again, the excess is given up, the newest first', () => {
  const { refusals, finished } = refusing(256);
  const full = destinations.of('full');
  const [first, ...others] = waitingFor(full, 40);
  if (first === undefined) throw new Error('unreachable');
  full.waiting.push(...others);
  refusals.refused(full, first);
  expect(full.refusing).toBe('retrying');
  expect(full.waiting[0]).toBe(first);
  expect(full.waiting).toHaveLength(256 / 16);
  expect(finished).toEqual(others.slice(256 / 16 - 1));
});

test('refusals of different messages are not taken for five refusals of one', () => {
  const { refusals, finished } = refusing(256);
  const full = destinations.of('full');
  const sent = waitingFor(full, 120);
  full.waiting.push(...sent.splice(100));
  full.onWire = sent.length;
  for (const pending of sent) {
    full.onWire -= 1;
    refusals.refused(full, pending);
  }
  expect([full.refusing, full.refusals]).toEqual(['retrying', 1]);
  expect(full.waiting).toHaveLength(256 / 16);
  expect(finished).toHaveLength(120 - 256 / 16);
});

test('where others in trouble take all the room, a refused message is given up', () => {
  const { refusals, finished } = refusing(16);
  for (const name of ['a', 'b', 'c', 'd']) {
    const [pending] = waitingFor(destinations.of(name), 1);
    if (pending !== undefined) refusals.refused(destinations.of(name), pending);
  }
  expect(finished).toEqual([]);
  const [late] = waitingFor(destinations.of('e'), 1);
  if (late === undefined) throw new Error('unreachable');
  refusals.refused(destinations.of('e'), late);
  expect(finished).toEqual([late]);
  expect(destinations.of('e').refusing).toBe('no');
});
