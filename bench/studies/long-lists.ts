import { step } from '../../infrastructure/progress.ts';
import type { Run } from '../figures.ts';
import type { Testbed } from '../infrastructure/testbed.ts';
import { listRequest } from '../load/requests.ts';
import type { Source } from '../load/workloads.ts';
import { printRun } from '../report/progress.ts';
import { startBystander } from '../subjects/bystander.ts';
import { rotated } from './throughput.ts';

const PER_PAGE = 1_000;
/** A client whose list has this many full pages. */
const CLIENT = 6_000_001;
const PAGES = 5;
const LOADS = [1, 16];

/**
 * Pages of 1,000 contacts, one at a time and 16 in flight: they show how long a turn can last. An
 * idle process beside them shows how much of that is the busy machine.
 */
export async function longLists(testbed: Testbed): Promise<readonly Run[]> {
  const runs: Run[] = [];
  const deployments = [...testbed.deployments.values()].filter(({ subject }) => subject !== 'echo');
  await step('Inserting contacts of one client', () =>
    Promise.all(deployments.map(({ contacts }) => contacts.addToClient(CLIENT, PAGES * PER_PAGE))),
  );
  const bystander = startBystander();
  try {
    for (let round = 1; round <= testbed.settings.rounds; round += 1) {
      for (const inFlight of LOADS) {
        for (const subject of rotated(testbed, round).filter((name) => name !== 'echo')) {
          const wanted = { workload: 'list of 1,000', source: longPages(), inFlight, round, bystander };
          runs.push(await testbed.measure(testbed.deployment(subject), wanted));
          printRun(runs.at(-1)!);
        }
      }
    }
  } finally {
    await bystander.stop();
  }
  return runs;
}

function longPages(): Source {
  let next = 0;
  return () => listRequest(CLIENT, 1 + (next++ % PAGES), PER_PAGE);
}
