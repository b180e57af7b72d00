import { expect, test } from 'vitest';

import { queuesPlan } from '../../chaos/faults/plan.ts';
import { violationsOf } from '../../chaos/judge.ts';
import { writeReport } from '../../chaos/report.ts';
import { RECOVERY_LIMIT_MS, runChaos, type RunSettings } from '../../chaos/run.ts';

const SETTINGS: RunSettings = {
  seed: Date.now() % 1_000_000,
  requests: 2_000,
  workers: 3,
  senders: 3,
  queues: 4,
  longFaults: false,
  removedGuard: undefined,
  limitMs: 600_000,
  recoveryMs: RECOVERY_LIMIT_MS,
  plan: () => queuesPlan(4),
};

test('over four queues, with workers killed and stopped: one effect, one answer, and each contact in order', async () => {
  const record = await runChaos(SETTINGS);
  const violations = await violationsOf(record);
  console.log(writeReport(SETTINGS, record, violations));
  expect(violations).toEqual([]);
  expect(record.faults.filter(({ happened }) => happened)).toHaveLength(4);
});
