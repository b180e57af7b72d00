import { expect, test } from 'vitest';

import { QueueShare, type ShareSample } from '../../../../src/amqp/consumer/queue-share.ts';

const WAITING: ShareSample = { waiting: 9, workers: 2, progressed: false, hasRoom: true, paused: false };
const OURS: ShareSample = { ...WAITING, progressed: true };
const NAMES = ['q.0', 'q.1', 'q.2', 'q.3'];

/** Polls the queue until it is claimed; returns the number of polls, at most `most`. */
function pollsToClaim(share: QueueShare, queue: string, most: number, sample = WAITING): number | undefined {
  for (let polls = 1; polls <= most; polls += 1) if (share.shouldClaim(queue, sample)) return polls;
  return undefined;
}

test('of four queues a second worker claims two, each after two polls', () => {
  const share = new QueueShare(4);
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
  const share = new QueueShare(4);
  for (const queue of ['q.0', 'q.1']) share.shouldClaim(queue, OURS);
  expect(pollsToClaim(share, 'q.2', 60)).toBe(15);
});

test('each claim without a delivery doubles the time to the next; a delivery ends that', () => {
  const share = new QueueShare(1);
  const alone = { ...WAITING, workers: 1 };
  expect(pollsToClaim(share, 'q.0', 100, alone)).toBeUndefined();
  const two = new QueueShare(2);
  expect([1, 2, 3].map(() => pollsToClaim(two, 'q.0', 100))).toEqual([2, 4, 8]);
  two.shouldClaim('q.0', OURS);
  expect(pollsToClaim(two, 'q.0', 100)).toBe(2);
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
