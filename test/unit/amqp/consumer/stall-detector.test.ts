import { expect, test } from 'vitest';

import { StallDetector, type QueueSample } from '../../../../src/amqp/consumer/stall-detector.ts';

const deliversNothing: QueueSample = { waiting: 3, hasRoom: true, held: 0, paused: false };
const full: QueueSample = { waiting: 3, hasRoom: false, held: 10, paused: false };

function remedies(progress: StallDetector, look: QueueSample, looks: number): string[] {
  return Array.from({ length: looks }, () => progress.judge(look, 2_000)).filter((remedy) => remedy !== 'none');
}

test('requests wait and none is delivered: a new channel, then new connections, and no exit unless it is set', () => {
  const progress = new StallDetector(0);
  expect(remedies(progress, deliversNothing, 4)).toEqual([]);
  expect(progress.stalled).toBe(false);
  expect(progress.judge(deliversNothing, 2_000)).toBe('new channel');
  expect(progress.stalled).toBe(true);
  expect(remedies(progress, deliversNothing, 15)).toEqual(['new connection', 'new connection', 'new connection']);
});

test('the exit follows after the set time, with both remedies before it', () => {
  expect(remedies(new StallDetector(8_000), deliversNothing, 4)).toEqual([
    'new channel',
    'new connection',
    'new connection',
    'exit',
  ]);
});

test('requests that hang at full prefetch cause no new channel, and end readiness only after a minute', () => {
  const progress = new StallDetector(300_000);
  expect(remedies(progress, full, 29)).toEqual([]);
  expect(progress.stalled).toBe(false);
  progress.judge(full, 2_000);
  expect(progress.stalled).toBe(true);
  expect(remedies(progress, full, 119)).toEqual([]);
  expect(progress.judge(full, 2_000)).toBe('exit');
});

test.each([
  ['a delivery or a settlement', deliversNothing, (progress: StallDetector) => progress.recordProgress()],
  ['an empty queue', { ...deliversNothing, waiting: 0 }, () => undefined],
  ['a pause', { ...deliversNothing, paused: true }, () => undefined],
  ['a pause at full prefetch', { ...full, paused: true }, () => undefined],
])('%s ends a stall', (_, look, happens) => {
  const progress = new StallDetector(0);
  remedies(progress, deliversNothing, 5);
  happens(progress);
  expect(progress.judge(look, 2_000)).toBe('none');
  expect(progress.stalled).toBe(false);
  expect(remedies(progress, deliversNothing, 4)).toEqual([]);
});

test('a delivery between two polls restores readiness at once', () => {
  const progress = new StallDetector(0);
  remedies(progress, deliversNothing, 6);
  progress.recordProgress();
  expect(progress.stalled).toBe(false);
});
