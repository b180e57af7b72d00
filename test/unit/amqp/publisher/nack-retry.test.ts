import { afterEach, expect, test } from 'vitest';

import { Destinations } from '../../../../src/amqp/publisher/destinations.ts';
import { replyMessage } from '../../../../src/amqp/wire/messages.ts';
import { newPending, type Destination, type Pending } from '../../../../src/amqp/publisher/pending.ts';
import { NackRetry } from '../../../../src/amqp/publisher/nack-retry.ts';

const message = replyMessage({ to: 'full', correlationId: 'c', type: 't', headers: {}, body: Buffer.from('x') });
let destinations: Destinations;

function waitingFor(destination: Destination, count: number): Pending[] {
  return Array.from({ length: count }, (_, nth) => newPending(message, destination, String(nth), nth, () => undefined));
}

function nackState(prefetch: number): { nacksInRow: NackRetry; finished: Pending[] } {
  destinations = new Destinations(prefetch);
  const finished: Pending[] = [];
  const host = {
    finish: (pending: Pending) => void finished.push(pending),
    pump: () => undefined,
    republished: () => undefined,
    now: () => 0,
    isBlameless: () => false,
  };
  return { nacksInRow: new NackRetry(destinations, host), finished };
}

afterEach(() => {
  for (const destination of destinations.all()) destinations.restore(destination);
});

test('a queue nacks the first of many: it is retried, and the excess is refused, newest first', () => {
  const { nacksInRow, finished } = nackState(256);
  const full = destinations.of('full');
  const [first, ...others] = waitingFor(full, 40);
  if (first === undefined) throw new Error('unreachable');
  full.waiting.push(...others);
  nacksInRow.nacked(full, first);
  expect(full.nackState).toBe('retrying');
  expect(full.waiting[0]).toBe(first);
  expect(full.waiting).toHaveLength(256 / 16);
  expect(finished).toEqual(others.slice(256 / 16 - 1));
});

test('nacks of different messages do not count as five nacks of one', () => {
  const { nacksInRow, finished } = nackState(256);
  const full = destinations.of('full');
  const sent = waitingFor(full, 120);
  full.waiting.push(...sent.splice(100));
  full.inFlight = sent.length;
  for (const pending of sent) {
    full.inFlight -= 1;
    nacksInRow.nacked(full, pending);
  }
  expect([full.nackState, full.nacksInRow]).toEqual(['retrying', 1]);
  expect(full.waiting).toHaveLength(256 / 16);
  expect(finished).toHaveLength(120 - 256 / 16);
});

test('a nacked message is refused where other degraded destinations use all the room', () => {
  const { nacksInRow, finished } = nackState(16);
  for (const name of ['a', 'b', 'c', 'd']) {
    const [pending] = waitingFor(destinations.of(name), 1);
    if (pending !== undefined) nacksInRow.nacked(destinations.of(name), pending);
  }
  expect(finished).toEqual([]);
  const [late] = waitingFor(destinations.of('e'), 1);
  if (late === undefined) throw new Error('unreachable');
  nacksInRow.nacked(destinations.of('e'), late);
  expect(finished).toEqual([late]);
  expect(destinations.of('e').nackState).toBe('no');
});
