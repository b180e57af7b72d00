import { expect, test } from 'vitest';

import { oldestAgeS } from '../../../src/amqp/consumer/oldest-request.ts';

const NOW_S = 1_800_000_000;
const ageOf = (...timestamps: unknown[]): number => oldestAgeS(timestamps, NOW_S * 1000);

test('the oldest of the requests with a timestamp counts', () => {
  expect(ageOf(NOW_S - 3, undefined, NOW_S - 40, NOW_S - 5)).toBe(40);
});

test('a timestamp in milliseconds is read as such', () => {
  expect(ageOf((NOW_S - 7) * 1000)).toBe(7);
});

test.each([[], [undefined], [0], [-1], [NOW_S + 60], [Number.NaN], ['2026'], [{}], [NOW_S - 31 * 86_400]])(
  'what is no plausible time of sending has no age: %s',
  (...timestamps: unknown[]) => {
    expect(ageOf(...timestamps)).toBe(0);
  },
);

test('one implausible timestamp does not hide the others', () => {
  expect(ageOf(0, NOW_S - 2, NOW_S * 5)).toBe(2);
});
