import { expect, test } from 'vitest';

import { latencyOf } from '../../../bench/load/latency.ts';
import { totalOf } from '../../../bench/load/turns.ts';

const TURN = { times: [1, 2, 3], failed: 0, seconds: 1, cpuMicros: 900, allocatedBytes: 300, peakMiB: 90 };

test('percentiles are times that were measured, by nearest rank', () => {
  const times = Array.from({ length: 200 }, (_, i) => 200 - i);
  expect(latencyOf(times)).toEqual({ p50: 100, p90: 180, p99: 198, max: 200 });
  expect(latencyOf([7])).toEqual({ p50: 7, p90: 7, p99: 7, max: 7 });
  expect(latencyOf([]).p99).toBeNaN();
});

test('turns add up: percentiles and costs are of all requests, whichever turn they belong to', () => {
  const slow = { ...TURN, times: [10], failed: 1, seconds: 3, cpuMicros: 1_100, allocatedBytes: 100, peakMiB: 99 };
  expect(totalOf([TURN, slow])).toEqual({
    requests: 4,
    seconds: 4,
    perSecond: 1,
    failed: 1,
    latency: { p50: 2, p90: 10, p99: 10, max: 10 },
    cost: { cpuMicros: 500, allocatedBytes: 100, peakMiB: 99 },
  });
});

test('a program without a JavaScript heap has no figure of it', () => {
  const { allocatedBytes: _, ...turn } = TURN;
  expect(totalOf([turn, turn]).cost).toEqual({ cpuMicros: 300, peakMiB: 90 });
});
