import { beforeEach, expect, test } from 'vitest';

import { CircuitBreaker, MAX_SUSPECTS } from '../../../src/dispatch/circuit-breaker.ts';

const refused = new Error('create contacts: MongoServerError 121');
let events: string[];
let now: number;
let breaker: CircuitBreaker;

beforeEach(() => {
  events = [];
  now = 1_000_000;
  const changed = (error: Error | undefined): void => void events.push(error === undefined ? 'closed' : 'opened');
  breaker = new CircuitBreaker({ changed, pause: (change) => events.push(change > 0 ? 'pause' : 'probe') }, () => now);
});

function fail(
  id: number | string,
  error: Error = refused,
  seen = breaker.successes,
  begun = breaker.successes,
): string {
  const verdict = breaker.failed(error, String(id), seen, begun);
  if (verdict === 'waits') breaker.waiting(1);
  return verdict;
}

function failMany(count: number): string[] {
  return Array.from({ length: count }, (_, i) => fail(i));
}

/** Long enough for the open circuit to be announced. */
function brakeForLong(): void {
  failMany(MAX_SUSPECTS);
  now += 1_000;
  fail(0);
}

test('the circuit opens after enough different requests fail alike in a row, and consumption pauses', () => {
  expect(failMany(MAX_SUSPECTS - 1)).toEqual(Array.from({ length: MAX_SUSPECTS - 1 }, () => 'counts'));
  expect(events).toEqual([]);
  expect(fail('last')).toBe('waits');
  expect(events).toEqual([]);
  now += 1_000;
  expect(fail('other', new Error('another defect'))).toBe('waits');
  expect(events).toEqual(['opened', 'pause']);
});

test('a success soon afterwards closes it unannounced, and nothing pauses', () => {
  failMany(MAX_SUSPECTS + 20);
  now += 999;
  expect(fail(3)).toBe('waits');
  const seen = breaker.successes;
  breaker.succeeded();
  expect(fail(3, refused, seen)).toBe('counts');
  expect(events).toEqual([]);
});

test('one bad request does not open it, however often it is retried', () => {
  for (let i = 0; i < 100; i += 1) expect(fail('bad')).toBe('counts');
});

test('bad requests among good ones do not open it, however many', () => {
  for (let i = 0; i < 100; i += 1) {
    expect(fail(i)).toBe('counts');
    if (i % (MAX_SUSPECTS - 1) === 0) breaker.succeeded();
  }
  expect(events).toEqual([]);
});

test('different defects do not open it', () => {
  for (let i = 0; i < 100; i += 1) expect(fail(i, new Error(`defect ${i % 2}`))).toBe('counts');
});

test('the first success closes it, and a request that failed before and fails again counts by itself', () => {
  const seen = breaker.successes;
  brakeForLong();
  breaker.succeeded();
  expect(events).toEqual(['opened', 'pause', 'probe', 'closed']);
  for (let i = 0; i < 50; i += 1) expect(fail(i, refused, seen)).toBe('counts');
  expect(events).toHaveLength(4);
});

test('while it is open consumption resumes from time to time, to probe', () => {
  brakeForLong();
  now += 4_999;
  fail(1);
  expect(events).toEqual(['opened', 'pause']);
  now += 1;
  fail(2);
  expect(events).toEqual(['opened', 'pause', 'probe']);
  now += 999;
  fail(3);
  expect(events).toHaveLength(3);
  now += 1;
  fail(4);
  expect(events).toEqual(['opened', 'pause', 'probe', 'pause']);
});

test('one request a minute fails for good, so that bad requests cannot block the others forever', () => {
  failMany(MAX_SUSPECTS);
  now += 60_000;
  expect(fail(1)).toBe('fails');
  expect(fail(2)).toBe('waits');
  now += 60_000;
  expect(fail(2)).toBe('fails');
});

test('it closes when no request waits, as nothing else would notice the recovery', () => {
  brakeForLong();
  breaker.waiting(-1);
  breaker.waiting(-1);
  expect(events).toEqual(['opened', 'pause', 'probe', 'closed']);
});

test('a request that was in flight while another succeeded is retried once more before it counts', () => {
  const seen = breaker.successes;
  brakeForLong();
  breaker.succeeded();
  for (let i = 0; i < 50; i += 1) expect(fail(i, refused, seen, seen)).toBe('waits');
  for (let i = 0; i < 50; i += 1) expect(fail(i, refused, seen)).toBe('counts');
  expect(events).toHaveLength(4);
});
