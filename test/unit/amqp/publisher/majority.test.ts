import { expect, test } from 'vitest';

import { MajorityWatch } from '../../../../src/amqp/publisher/majority.ts';

/** A watch whose questions are answered by the test, one after the other. */
function watched() {
  const events: string[] = [];
  let answer: (isPresent: boolean) => void = () => undefined;
  let asked = 0;
  const watch = new MajorityWatch({
    ask: () => {
      asked += 1;
      return new Promise((resolve) => (answer = resolve));
    },
    changed: (isPresent) => events.push(isPresent ? 'present' : 'missing'),
    move: () => events.push('move'),
  });
  return {
    watch,
    events,
    asked: () => asked,
    answer: async (isPresent: boolean): Promise<void> => {
      answer(isPresent);
      await Promise.resolve();
      await Promise.resolve();
    },
  };
}

/** Counts as the confirm watch does. Returns the ticks that counted. */
function ticks(watch: MajorityWatch, count: number, from = 0): number {
  let now = from;
  for (let tick = 0; tick < count; tick += 1) if (watch.counts(now)) now += 1;
  return now;
}

test('no tick counts while a question is open', async () => {
  const { watch, answer, asked } = watched();
  expect(ticks(watch, 20)).toBe(1);
  await answer(true);
  expect(ticks(watch, 4, 1)).toBe(5);
  expect(asked()).toBe(1);
});

test('it asks again after some ticks that counted', async () => {
  const { watch, answer, asked } = watched();
  ticks(watch, 1);
  await answer(true);
  expect(ticks(watch, 6, 1)).toBe(6);
  expect(asked()).toBe(2);
});

test('without a majority nothing counts, and another node is tried from time to time', async () => {
  const { watch, answer, events } = watched();
  ticks(watch, 1);
  await answer(false);
  expect(watch.isBlameless).toBe(false);
  expect(ticks(watch, 1, 1)).toBe(1);
  await answer(false);
  expect(watch.isBlameless).toBe(true);
  for (let tick = 0; tick < 31; tick += 1) {
    expect(watch.counts(1)).toBe(false);
    await answer(false);
  }
  expect(events).toEqual(['missing', 'move', 'move']);
});

test('once there is a majority again, the elections have their time; then ticks count', async () => {
  const { watch, answer, events } = watched();
  ticks(watch, 1);
  await answer(false);
  expect(watch.isBlameless).toBe(false);
  ticks(watch, 1, 1);
  await answer(false);
  watch.counts(1);
  await answer(true);
  expect(events).toEqual(['missing', 'present']);
  for (let tick = 0; tick < 25; tick += 1) {
    expect(watch.isBlameless).toBe(true);
    expect(watch.counts(1)).toBe(false);
    await answer(true);
  }
  expect(watch.isBlameless).toBe(false);
  expect(watch.counts(1)).toBe(true);
});

test('a majority that is lost again during the elections is noticed before they end', async () => {
  const { watch, answer, events } = watched();
  ticks(watch, 1);
  await answer(false);
  ticks(watch, 1, 1);
  await answer(false);
  watch.counts(1);
  await answer(true);
  expect(events).toEqual(['missing', 'present']);
  // The question at the first tick of the elections has its answer; the next is due five ticks later.
  watch.counts(1);
  await answer(true);
  ticks(watch, 5, 1);
  await answer(false);
  watch.counts(1);
  await answer(false);
  expect(events).toEqual(['missing', 'present', 'missing']);
});
