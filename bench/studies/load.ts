import type { Run } from '../figures.ts';
import type { Testbed } from '../infrastructure/testbed.ts';
import { measureOne, rotated } from './throughput.ts';

const LOADS = [1, 4, 16, 64, 256, 512, 1024, 2048];

/** The mixed workload with a growing number of requests in flight. */
export async function inFlight(testbed: Testbed): Promise<readonly Run[]> {
  const runs: Run[] = [];
  for (let round = 1; round <= testbed.settings.rounds; round += 1) {
    for (const load of LOADS) {
      for (const subject of rotated(testbed, round))
        runs.push(await measureOne(testbed, subject, 'mixed', load, round));
    }
  }
  return runs;
}

/** As many requests as three workers prefetch, and as many again. */
const SHARED_IN_FLIGHT = 1_024;

/** One, two and three workers on the same queue. */
export async function workers(testbed: Testbed): Promise<readonly Run[]> {
  const runs: Run[] = [];
  const deployment = testbed.deployment('worker');
  for (let round = 1; round <= testbed.settings.rounds; round += 1) {
    for (const count of [1, 2, 3]) {
      while (deployment.running.length < count) await testbed.start(deployment);
      for (const workload of ['create', 'mixed'] as const) {
        runs.push(await measureOne(testbed, 'worker', workload, SHARED_IN_FLIGHT, round));
      }
    }
    await testbed.stop(deployment);
    await testbed.start(deployment);
  }
  return runs;
}
