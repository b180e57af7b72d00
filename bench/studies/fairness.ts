import { Random } from '../../chaos/random.ts';
import { printProgress } from '../../infrastructure/progress.ts';
import type { FairnessRun } from '../figures.ts';
import { getRequest, listRequest, updateRequest } from '../load/requests.ts';
import type { Source } from '../load/workloads.ts';
import type { Testbed } from '../infrastructure/testbed.ts';

const GETS = 64;
const BESIDE = 128;
/** No contact has this id or a higher one. */
const NOBODY = 9_000_000_000;
const HOT_UPDATES = 10_000;

/**
 * Gets alone, then beside a stream of slow lists, of failing requests, and of updates of one
 * contact.
 */
export async function fairness(testbed: Testbed): Promise<readonly FairnessRun[]> {
  const deployment = testbed.deployment('worker');
  const runs: FairnessRun[] = [];
  const timing = { warmUp: 1, measured: testbed.settings.seconds };
  for (let round = 1; round <= testbed.settings.rounds; round += 1) {
    const gets = { source: testbed.source(deployment, 'get', round), inFlight: GETS };
    for (const [stream, source] of Object.entries(streams(round))) {
      const [alone] = await testbed.producer.run(deployment.queue, [gets], timing);
      const besides = [gets, { source, inFlight: BESIDE }];
      const [beside, other] = await testbed.producer.run(deployment.queue, besides, timing);
      if (alone === undefined || beside === undefined || other === undefined) throw new Error('a stream has no result');
      runs.push({
        stream,
        round,
        alone: alone.latency,
        beside: beside.latency,
        getsPerSecondAlone: alone.requests / alone.seconds,
        getsPerSecond: beside.requests / beside.seconds,
        streamPerSecond: other.requests / other.seconds,
      });
      const latencies = `p99 ${alone.latency.p99.toFixed(1)} ms alone, ${beside.latency.p99.toFixed(1)} ms beside it`;
      printProgress(`round ${round}  gets beside ${stream}: ${latencies}`);
    }
  }
  return runs;
}

function streams(round: number): Readonly<Record<string, Source>> {
  const random = new Random(round);
  let updates = 0;
  let failing = 0;
  return {
    'lists of 1,000': () => listRequest(undefined, 1, 1_000),
    'requests that fail': () => {
      failing += 1;
      // A different id each time: requests for one contact wait for each other.
      return getRequest(NOBODY + failing);
    },
    'updates of one contact': () => {
      updates += 1;
      return updates > HOT_UPDATES ? undefined : updateRequest(1, updates, random);
    },
  };
}
