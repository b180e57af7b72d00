import { describe, expect, test } from 'vitest';

import { Random } from '../../../../chaos/random.ts';
import { trendOf, type Point } from '../../../../chaos/soak/trend.ts';

const TOLERANCE = { absolute: 2, share: 0 };
const SPAN_S = 480;
const COUNT = 120;

/** A series around 40 with noise of ±1 and `growth` on top, a function of the time's share. */
function series(growth: (share: number) => number, { noise = 1, seed = 7 } = {}): Point[] {
  const random = new Random(seed);
  return Array.from({ length: COUNT }, (_, index) => {
    const share = index / (COUNT - 1);
    return { at: share * SPAN_S, value: 40 + growth(share) + noise * (2 * random.next() - 1) };
  });
}

const step = (share: number): number => (share < 0.4 ? 0 : 20);
const sawtooth = (share: number): number => (share * 40) % 5;
const settles = (share: number): number => 20 * (1 - Math.exp(-share * 12));
const perFault = (share: number): number => Math.floor(share * 9) * 1.5;
const spikes = (share: number): number => (Math.round(share * 119) % 10 === 0 ? 100 : 0);

describe('a series that leaks grows', () => {
  test.each([
    ['steadily', series((share) => 6 * share)],
    ['steadily, with much noise', series((share) => 12 * share, { noise: 6 })],
    ['by a jump at each fault', series(perFault)],
    ['under spikes', series((share) => 6 * share + spikes(share))],
    ['by whole handles, without noise', series((share) => Math.floor(share * 12), { noise: 0 })],
    ['in a sawtooth', series((share) => 8 * share + sawtooth(share))],
  ])('%s', (_, points) => {
    expect(trendOf(points, TOLERANCE).verdict).toBe('grows');
  });

  test('with its slope: 6 in 480 s are 45 an hour', () => {
    const { perHour, growth, growthAtLeast } = trendOf(
      series((share) => 6 * share),
      TOLERANCE,
    );
    expect(perHour).toBeGreaterThan(40);
    expect(perHour).toBeLessThan(50);
    expect(growthAtLeast).toBeLessThan(growth);
    expect(growthAtLeast).toBeGreaterThan(5);
  });
});

describe('a series that does not leak is flat', () => {
  test.each([
    ['noise', series(() => 0)],
    ['a constant', series(() => 0, { noise: 0 })],
    ['one step', series(step)],
    ['spikes', series(spikes)],
    ['a sawtooth', series(sawtooth)],
    ['a curve that settles', series(settles)],
    ['one that shrinks', series((share) => -10 * share)],
    ['growth within the tolerance', series((share) => share)],
  ])('%s', (_, points) => {
    expect(trendOf(points, TOLERANCE).verdict).toBe('flat');
  });

  test('noise alone, whatever the seed', () => {
    const verdicts = Array.from(
      { length: 200 },
      (_, seed) =>
        trendOf(
          series(() => 0, { seed, noise: 4 }),
          TOLERANCE,
        ).verdict,
    );
    expect(verdicts.filter((verdict) => verdict !== 'flat')).toEqual([]);
  });
});

test('a dozen samples that noise moves beyond the tolerance are flat, but for a few in 200', () => {
  const grown = Array.from({ length: 200 }, (_, seed) => series(() => 0, { seed, noise: 20 }))
    .map((points) => trendOf(points.slice(0, 12), TOLERANCE))
    .filter(({ verdict }) => verdict === 'grows');
  expect(grown.length).toBeLessThanOrEqual(2);
});

test('a leak that is found always exceeds what the series can show', () => {
  const points = series((share) => 6 * share);
  const { perHour, detectablePerHour } = trendOf(points, TOLERANCE);
  expect(detectablePerHour).toBeCloseTo(15);
  expect(perHour).toBeGreaterThan(detectablePerHour);
});

test('the relative bound is a share of the median', () => {
  const points = series((share) => 6 * share);
  expect(trendOf(points, { absolute: 2, share: 0.1 }).verdict).toBe('grows');
  expect(trendOf(points, { absolute: 2, share: 0.5 }).verdict).toBe('flat');
});

test('a handful of samples decides nothing', () => {
  expect(trendOf(series((share) => 50 * share).slice(0, 7), TOLERANCE).verdict).toBe('too few samples');
  expect(trendOf([], TOLERANCE).verdict).toBe('too few samples');
});
