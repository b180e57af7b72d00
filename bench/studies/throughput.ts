import type { Run, Subject } from '../figures.ts';
import type { Workload } from '../load/workloads.ts';
import type { Testbed } from '../infrastructure/testbed.ts';
import { printRun } from '../report/progress.ts';

/** Requests in flight where throughput is compared. */
export const DEFAULT_IN_FLIGHT = 256;

/** Each workload against each subject, one after another, in a different order each round. */
export async function throughput(testbed: Testbed, workloads: readonly Workload[]): Promise<readonly Run[]> {
  const runs: Run[] = [];
  for (let round = 1; round <= testbed.settings.rounds; round += 1) {
    for (const workload of workloads) {
      for (const subject of rotated(testbed, round))
        runs.push(await measureOne(testbed, subject, workload, DEFAULT_IN_FLIGHT, round));
    }
  }
  return runs;
}

export async function measureOne(
  testbed: Testbed,
  subject: Subject,
  workload: Workload,
  load: number,
  round: number,
): Promise<Run> {
  const run = await testbed.workload(testbed.deployment(subject), workload, { inFlight: load, round });
  printRun(run);
  return run;
}

/** Returns the subjects in a different order each round, so that none is always first. */
export function rotated(testbed: Testbed, round: number): readonly Subject[] {
  const subjects = [...testbed.deployments.keys()];
  return subjects.map((_, i) => subjects[(i + round) % subjects.length] ?? 'worker');
}
