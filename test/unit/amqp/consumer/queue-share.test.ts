import { expect, test } from 'vitest';

import { QueueShare, type ShareSample } from '../../../../src/amqp/consumer/queue-share.ts';

const WAITING: ShareSample = { waiting: 9, workers: 2, progressed: false, hasRoom: true, paused: false };
const OURS: ShareSample = { ...WAITING, progressed: true };
/** The random delay is 0. */
const AT_ONCE = (): number => 0;
const NAMES = ['q.0', 'q.1', 'q.2', 'q.3'];

/** Polls the queue until it is claimed; returns the number of polls, at most `most`. */
function pollsToClaim(share: QueueShare, queue: string, most: number, sample = WAITING): number | undefined {
  for (let polls = 1; polls <= most; polls += 1) if (share.shouldClaim(queue, sample)) return polls;
  return undefined;
}

/** Polls of four workers of eight queues that all have a backlog; the first worker has all at first. */
function division(polls: number, random: () => number) {
  const shares = Array.from({ length: 4 }, () => new QueueShare(8, random));
  const active = Array.from({ length: 8 }, () => 0);
  let lastClaim = 0;
  for (let poll = 1; poll <= polls; poll += 1) {
    const before = [...active];
    for (const [worker, share] of shares.entries()) {
      for (const [queue, holder] of before.entries()) {
        const sample = { ...WAITING, waiting: 1_000 + ((poll * 7) % 5), workers: 4, progressed: holder === worker };
        if (!share.shouldClaim(String(queue), sample)) continue;
        active[queue] = worker;
        lastClaim = poll;
      }
    }
  }
  return { queues: shares.map((_, worker) => active.filter((one) => one === worker).length), lastClaim };
}

/** Equally distributed numbers from 0 to 1, the same for the same seed. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
}

test.each([1, 22, 333, 4_444, 55_555])('four workers that start together divide eight queues (seed %i)', (seed) => {
  const { queues, lastClaim } = division(100, numbers(seed));
  expect(queues).toEqual([2, 2, 2, 2]);
  expect(lastClaim).toBeLessThan(60);
});

test('of four queues a second worker claims two, each after two polls', () => {
  const share = new QueueShare(4, AT_ONCE);
  expect(NAMES.map((queue) => pollsToClaim(share, queue, 4))).toEqual([2, 2, undefined, undefined]);
});

test('a worker that has its part leaves the others alone', () => {
  const share = new QueueShare(4);
  for (const queue of ['q.0', 'q.1']) share.shouldClaim(queue, OURS);
  const falling = (polls: number): boolean[] =>
    Array.from({ length: polls }, (_, at) => share.shouldClaim('q.2', { ...WAITING, waiting: 100 - at }));
  expect(falling(60)).not.toContain(true);
});

test('it claims a queue beyond its part where the requests that wait do not get fewer', () => {
  const share = new QueueShare(4, AT_ONCE);
  for (const queue of ['q.0', 'q.1']) share.shouldClaim(queue, OURS);
  expect(pollsToClaim(share, 'q.2', 60)).toBe(15);
});

test('each claim without a delivery doubles the time to the next; a delivery ends that', () => {
  const share = new QueueShare(1);
  const alone = { ...WAITING, workers: 1 };
  expect(pollsToClaim(share, 'q.0', 100, alone)).toBeUndefined();
  const two = new QueueShare(2, AT_ONCE);
  // The claimed queue counts as lost first, so that others that are due get their turn.
  expect([1, 2, 3].map(() => pollsToClaim(two, 'q.0', 100))).toEqual([2, 2 * 4, 2 * 8]);
  two.shouldClaim('q.0', OURS);
  expect(pollsToClaim(two, 'q.0', 100)).toBe(2 + 2);
});

test('a worker that loses a queue claims another one that is due, not the same again', () => {
  const share = new QueueShare(2, AT_ONCE);
  share.shouldClaim('q.0', OURS);
  const claims = Array.from({ length: 2 }, () => [
    share.shouldClaim('q.0', WAITING),
    share.shouldClaim('q.1', WAITING),
  ]);
  expect(claims).toEqual([
    [false, false],
    [false, true],
  ]);
});

test('of more workers than queues one without any claims a queue in which requests wait for long', () => {
  const share = new QueueShare(4, AT_ONCE);
  const claimed = Array.from({ length: 20 }, (_, poll) =>
    share.shouldClaim('q.0', { ...WAITING, waiting: 100 - poll, workers: 5 }),
  );
  expect(claimed.indexOf(true)).toBe(14);
});

test.each([
  ['no request waits', { waiting: 0 }],
  ['its prefetch is full', { hasRoom: false }],
  ['it does not consume', { paused: true }],
  ['there are more workers than queues', { workers: 5 }],
])('nothing is claimed while %s', (_, change) => {
  const share = new QueueShare(4);
  const sample = { ...WAITING, ...change };
  expect(pollsToClaim(share, 'q.0', 14, sample)).toBeUndefined();
});
