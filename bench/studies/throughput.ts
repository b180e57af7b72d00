import type { Run, Subject } from '../figures.ts';
import type { Workload } from '../load/workloads.ts';
import type { Arena } from '../infrastructure/arena.ts';
import { tell } from '../tell.ts';

/** In flight where throughput is compared. */
export const USUAL_IN_FLIGHT = 256;

/** Each workload against each contender, one after another, in another order each round. */
export async function throughput(arena: Arena, workloads: readonly Workload[]): Promise<readonly Run[]> {
  const runs: Run[] = [];
  for (let round = 1; round <= arena.settings.rounds; round += 1) {
    for (const workload of workloads) {
      for (const subject of turned(arena, round))
        runs.push(await one(arena, subject, workload, USUAL_IN_FLIGHT, round));
    }
    for (const workload of workloads.filter((name) => name === 'create' || name === 'get' || name === 'update')) {
      for (const subject of turned(arena, round).filter((name) => name !== 'echo')) {
        const run = await one(arena, subject, workload, 1, round);
        runs.push({ ...run, workload: `latency ${workload}` });
      }
    }
  }
  return runs;
}

export async function one(
  arena: Arena,
  subject: Subject,
  workload: Workload,
  load: number,
  round: number,
): Promise<Run> {
  const run = await arena.workload(arena.contender(subject), workload, { inFlight: load, round });
  tell(run);
  return run;
}

/** The contenders in another order each round, so that none is always first. */
export function turned(arena: Arena, round: number): readonly Subject[] {
  const subjects = [...arena.contenders.keys()];
  return subjects.map((_, i) => subjects[(i + round) % subjects.length] ?? 'worker');
}
