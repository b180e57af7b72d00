import { expect, test } from 'vitest';

import { costsOf, forecast, type Costs } from '../../../bench/report/model.ts';
import { results, run } from './results.ts';

/** The worker's costs are 900 µs per batch and 100 per request; the database's 400 and 100. */
const COSTS: Costs = {
  batch: 100,
  worker: { alone: 1_000, inBatch: 109 },
  database: { alone: 500, inBatch: 104 },
  aloneMs: 4,
  queuePerSecond: 20_000,
};

test('one worker limits itself, with full batches', () => {
  const { bound, batch, perSecond } = forecast(COSTS, { workers: 1, databaseCores: 16 });
  expect({ bound, batch }).toEqual({ bound: 'workers', batch: 128 });
  expect(perSecond).toBeCloseTo(1e6 / (100 + 900 / 128));
});

test('the queue limits many workers, with small batches that cost the database more', () => {
  const ten = forecast(COSTS, { workers: 10, databaseCores: 16 });
  expect(ten).toMatchObject({ bound: 'queue', batch: 4, perSecond: 20_000 });
  const hundred = forecast(COSTS, { workers: 100, databaseCores: 16 });
  expect(hundred).toMatchObject({ bound: 'queue', batch: 1, perSecond: 20_000 });
  expect(ten.busy.database).toBeCloseTo(4);
  expect(hundred.busy.database).toBeCloseTo(10);
  expect(hundred.busy.workers).toBeCloseTo(20);
});

test('several queues: their leaders add up, and each has one active worker', () => {
  const site = { workers: 10, databaseCores: 64 };
  const one = forecast({ ...COSTS, queuePerSecond: 5_000 }, site);
  expect(one).toMatchObject({ bound: 'queue', perSecond: 5_000 });
  const four = forecast({ ...COSTS, queuePerSecond: 5_000 }, { ...site, queues: 4 });
  expect(four).toMatchObject({ bound: 'queue', perSecond: 20_000 });
  expect(four.batch).toBeGreaterThan(one.batch);
  // Of a hundred workers only four are active.
  expect(forecast({ ...COSTS, queuePerSecond: 5_000 }, { ...site, workers: 100, queues: 4 })).toEqual(four);
});

test('a small database is the limit, and batches fill up', () => {
  const { bound, batch, perSecond } = forecast(COSTS, { workers: 10, databaseCores: 1 });
  expect({ bound, batch }).toEqual({ bound: 'database', batch: 128 });
  expect(perSecond).toBeCloseTo(1e6 / (100 + 400 / 128));
});

test('the counter is the limit only where batches are small: then they grow', () => {
  const counted = { ...COSTS, counterPerSecond: 2_000 };
  expect(forecast(counted, { workers: 100, databaseCores: 16 })).toMatchObject({ bound: 'queue', batch: 10 });
  expect(forecast({ ...COSTS, counterPerSecond: 100 }, { workers: 100, databaseCores: 16 })).toMatchObject({
    bound: 'counter',
    perSecond: 12_800,
  });
});

test('costs come from the measurements, and are undefined where one is missing', () => {
  const measured = results({
    throughput: [
      run({ batch: 100, cost: { ...run({}).cost, cpuMicros: 109 } }),
      run({ subject: 'echo', perSecond: 20_000 }),
    ],
    latency: [
      run({
        inFlight: 1,
        latency: { ...run({}).latency, p50: 4 },
        cost: { ...run({}).cost, cpuMicros: 1_000 },
      }),
    ],
    raw: [
      { workload: 'create', round: 1, singlePerSecond: 4_000, batchedPerSecond: 20_000 },
      { workload: 'counter', round: 1, singlePerSecond: 2_000, batchedPerSecond: undefined },
    ],
  });
  expect(costsOf(measured, 'create')).toEqual({
    ...COSTS,
    database: { alone: 500, inBatch: 100 },
    counterPerSecond: 2_000,
  });
  expect(costsOf(measured, 'get')).toBeUndefined();
  expect(costsOf({ ...measured, raw: [] }, 'create')).toBeUndefined();
});
