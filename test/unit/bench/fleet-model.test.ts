import { expect, test } from 'vitest';

import { simulateFleet, type SimulatedFleet } from '../../../bench/report/fleet-model.ts';

const COSTS = { database: { batch: 900, request: 100 }, worker: { batch: 100, request: 100 } };

function simulated(fleet: Partial<SimulatedFleet>): ReturnType<typeof simulateFleet> {
  const site = { workers: 10, databaseCores: 16, perSecond: 1_000, policy: 'equal', prefetch: 256, costs: COSTS };
  return simulateFleet({ ...site, ...fleet } as SimulatedFleet, 5, 1);
}

test('a lone request costs its batch, and takes worker and database once', () => {
  const { batch, databaseMicros, p50, active } = simulated({ workers: 1, perSecond: 5 });
  expect([batch, databaseMicros, active]).toEqual([1, 1_000, 1]);
  expect(p50).toBeCloseTo(1.2);
});

test('with equal priorities a hundred workers have batches of one', () => {
  const { batch, active } = simulated({ workers: 100, perSecond: 5_000 });
  expect(batch).toBeLessThan(1.1);
  expect(active).toBe(100);
});

test('with ranked priorities few workers are active, and the database does less for each request', () => {
  const [equal, ranked] = [simulated({ perSecond: 8_000 }), simulated({ perSecond: 8_000, policy: 'ranked' })];
  expect(ranked.active).toBeLessThan(equal.active);
  expect(ranked.databaseMicros).toBeLessThan(equal.databaseMicros / 2);
  expect(ranked.p50).toBeGreaterThan(equal.p50);
});

test('more load than one worker can take makes more of them active', () => {
  const active = [2_000, 12_000, 24_000].map(
    (perSecond) => simulated({ perSecond, policy: 'ranked', workers: 20 }).active,
  );
  expect(active[0]).toBe(1);
  expect(active[2]).toBeGreaterThan(active[1] ?? 0);
});

test('an overloaded database makes batches grow', () => {
  const { batch, databaseBusy } = simulated({ databaseCores: 1, perSecond: 20_000 });
  expect(batch).toBeGreaterThan(64);
  expect(databaseBusy).toBeGreaterThan(1);
});
