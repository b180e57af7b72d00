import { printProgress, step } from '../../infrastructure/progress.ts';
import type { PageRun, Run } from '../figures.ts';
import { CLIENTS, listRequest } from '../load/requests.ts';
import type { Source } from '../load/workloads.ts';
import type { Testbed, Deployment } from '../infrastructure/testbed.ts';
import { printRun } from '../report/progress.ts';
import { DEFAULT_IN_FLIGHT } from './throughput.ts';

const FIRST_SIZE = 1_000;
const LARGE_CLIENT = 5_000_001;
const LARGE_CLIENT_HAS = 50_000;
const PAGES_SECONDS = 3;

/** The results of the growth study. */
export interface Growth {
  readonly runs: readonly Run[];
  readonly pages: readonly PageRun[];
}

/**
 * Every kind of request in a collection that grows to `most` contacts, then pages far from the
 * first one.
 */
export async function growth(testbed: Testbed, most: number): Promise<Growth> {
  const runs: Run[] = [];
  await testbed.undeploy(testbed.deployment('worker'));
  const deployment = await testbed.deploy('worker', FIRST_SIZE);
  for (const size of [FIRST_SIZE, 20_000, 200_000, 2_000_000].filter((count) => count <= most)) {
    await step(`Growing to ${size} contacts`, () => deployment.contacts.growTo(size));
    for (let round = 1; round <= testbed.settings.rounds; round += 1) {
      for (const workload of ['create', 'get', 'update', 'delete'] as const) {
        runs.push(await testbed.workload(deployment, workload, { inFlight: DEFAULT_IN_FLIGHT, round }));
        printRun(runs.at(-1)!);
      }
      const wanted = { workload: 'first page', source: firstPages(), inFlight: DEFAULT_IN_FLIGHT, round };
      runs.push(await testbed.measure(deployment, wanted));
      printRun(runs.at(-1)!);
    }
  }
  const pages = await deepPages(testbed, deployment);
  return { runs, pages };
}

function firstPages(): Source {
  let next = 0;
  return () => listRequest(1 + (next++ % CLIENTS), 1);
}

async function deepPages(testbed: Testbed, deployment: Deployment): Promise<readonly PageRun[]> {
  const pages: PageRun[] = [];
  await step(`Inserting ${LARGE_CLIENT_HAS} contacts of one client`, () =>
    deployment.contacts.addToClient(LARGE_CLIENT, LARGE_CLIENT_HAS),
  );
  const lists = [
    { list: `of a client with ${LARGE_CLIENT_HAS} contacts`, client: LARGE_CLIENT, numbers: [1, 100, 2_000] },
    { list: 'of everyone', client: undefined, numbers: [1, 100, 10_000] },
  ];
  for (const { list, client, numbers } of lists) {
    for (const page of numbers) {
      const source = (): ReturnType<Source> => listRequest(client, page);
      const timing = { warmUp: 1, measured: PAGES_SECONDS };
      const [answered] = await testbed.producer.run(deployment.queue, [{ source, inFlight: 1 }], timing);
      if (answered === undefined) throw new Error('the stream has no result');
      pages.push({ list, page, contacts: deployment.contacts.size, latency: answered.latency });
      printProgress(`page ${page} ${list}: p50 ${answered.latency.p50.toFixed(1)} ms`);
    }
  }
  return pages;
}
