import type { Run } from '../figures.ts';
import type { Arena } from '../infrastructure/arena.ts';
import { one, turned } from './throughput.ts';

const LOADS = [1, 4, 16, 64, 256, 512, 1024, 2048];

/** The mixed workload with ever more requests in flight. */
export async function inFlight(arena: Arena): Promise<readonly Run[]> {
  const runs: Run[] = [];
  for (let round = 1; round <= arena.settings.rounds; round += 1) {
    for (const load of LOADS) {
      for (const subject of turned(arena, round)) runs.push(await one(arena, subject, 'mixed', load, round));
    }
  }
  return runs;
}

/** As many as three workers prefetch, and as many again. */
const SHARED_IN_FLIGHT = 1_024;

/** One, two and three workers on the same queue. */
export async function workers(arena: Arena): Promise<readonly Run[]> {
  const runs: Run[] = [];
  const contender = arena.contender('worker');
  for (let round = 1; round <= arena.settings.rounds; round += 1) {
    for (const count of [1, 2, 3]) {
      while (contender.running.length < count) await arena.start(contender);
      for (const workload of ['create', 'mixed'] as const) {
        runs.push(await one(arena, 'worker', workload, SHARED_IN_FLIGHT, round));
      }
    }
    await arena.stop(contender);
    await arena.start(contender);
  }
  return runs;
}
