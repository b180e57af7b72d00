import { expect, test } from 'vitest';

import { shortClientPlan, shortPlan } from '../../chaos/faults/plan.ts';
import { violationsOf } from '../../chaos/judge.ts';
import { writeReport } from '../../chaos/report.ts';
import { RECOVERY_LIMIT_MS, runChaos, type RunSettings } from '../../chaos/run.ts';

const SETTINGS: RunSettings = {
  // A new one each time; the report's name and first line show it, and `npm run chaos -- --seed`
  // repeats it.
  seed: Date.now() % 1_000_000,
  requests: 6_000,
  workers: 3,
  senders: 4,
  longFaults: false,
  removedGuard: undefined,
  limitMs: 600_000,
  recoveryMs: RECOVERY_LIMIT_MS,
  plan: shortPlan,
};

test('faults of every kind: no effect and no answer is lost or doubled, and everything recovers by itself', async () => {
  const record = await runChaos(SETTINGS);
  const violations = await violationsOf(record);
  console.log(writeReport(SETTINGS, record, violations));
  expect(violations).toEqual([]);
  expect(record.faults.filter(({ happened }) => !happened)).toEqual([]);
});

test("with one worker and no fault, a producer's requests about a contact are answered in queue order", async () => {
  const settings = { ...SETTINGS, seed: SETTINGS.seed + 1, requests: 2_000, workers: 1, plan: () => [] };
  const record = await runChaos(settings);
  expect(await violationsOf(record)).toEqual([]);
});

test('a load through the client library: no effect is lost or doubled, and every call ends', async () => {
  const shape = { requests: 2_000, workers: 2, senders: 2, client: true, plan: shortClientPlan };
  const settings = { ...SETTINGS, ...shape, seed: SETTINGS.seed + 2 };
  const record = await runChaos(settings);
  expect(await violationsOf(record)).toEqual([]);
  expect(record.faults.filter(({ happened }) => happened)).toHaveLength(3);
});
