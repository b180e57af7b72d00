import { printProgress } from '../../infrastructure/progress.ts';
import { containerTime } from '../infrastructure/container-time.ts';
import type { Deployment, Testbed } from '../infrastructure/testbed.ts';
import type { Workload } from '../load/workloads.ts';
import { median } from '../report/summary.ts';
import { startSubject } from '../subjects/subject.ts';

const WORKERS = 10;
const LOADS = [16, 64, 256, 1_024];
const WORKLOADS = ['create', 'get', 'update'] as const;
const WARM_UP_S = 1;

/** How the broker shares requests among the workers. */
const POLICIES = ['one worker', 'equal', 'ranked'] as const;
type Policy = (typeof POLICIES)[number];

/** What a number of requests in flight does to workers that share one queue. */
interface FleetRun {
  readonly workload: Workload;
  readonly policy: Policy;
  readonly inFlight: number;
  readonly round: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly batch: number;
  /** Workers that executed a tenth of their even share, at least. */
  readonly active: number;
  /** Microseconds of processor time for each request: of all workers, and of the database. */
  readonly workerMicros: number;
  readonly databaseMicros: number;
}

/**
 * Compares ten workers with equal and with ranked priorities, and one worker alone, at growing
 * loads.
 */
export async function fleet(testbed: Testbed): Promise<readonly FleetRun[]> {
  const deployment = testbed.deployment('worker');
  const databaseTime = await containerTime(testbed.endpoints.mongodbUrl);
  const runs: FleetRun[] = [];
  for (let round = 1; round <= testbed.settings.rounds; round += 1) {
    for (const policy of POLICIES) {
      await startFleet(testbed, deployment, policy);
      for (const workload of WORKLOADS) {
        for (const inFlight of LOADS) {
          const run = await measure(testbed, deployment, { workload, policy, inFlight, round }, databaseTime);
          printProgress(lineOf(run));
          runs.push(run);
        }
      }
    }
  }
  await testbed.stop(deployment);
  return runs;
}

/** Returns the medians of the rounds as lines of text. */
export function fleetTable(runs: readonly FleetRun[]): string {
  const lines = WORKLOADS.flatMap((workload) =>
    LOADS.flatMap((inFlight) =>
      POLICIES.map((policy) => {
        const own = runs.filter(
          (run) => run.workload === workload && run.inFlight === inFlight && run.policy === policy,
        );
        const of = (figure: (run: FleetRun) => number): number => median(own.map(figure));
        const figures = {
          perSecond: of((run) => run.perSecond),
          p50: of((run) => run.p50),
          p99: of((run) => run.p99),
          batch: of((run) => run.batch),
          active: of((run) => run.active),
          workerMicros: of((run) => run.workerMicros),
          databaseMicros: of((run) => run.databaseMicros),
        };
        return lineOf({ workload, inFlight, policy, round: 0, ...figures });
      }),
    ),
  );
  return lines.join('\n');
}

function lineOf(run: FleetRun): string {
  return [
    ...(run.round === 0 ? [] : [`round ${run.round}`]),
    `${run.workload} × ${run.inFlight}`.padEnd(14),
    run.policy.padEnd(10),
    `${run.perSecond.toFixed(0).padStart(5)}/s`,
    `p50 ${run.p50.toFixed(1)} ms, p99 ${run.p99.toFixed(1)} ms`,
    `batch ${run.batch.toFixed(1)}`,
    `${run.active} active`,
    `workers ${run.workerMicros.toFixed(0)} µs, database ${run.databaseMicros.toFixed(0)} µs`,
  ].join('  ');
}

async function startFleet(testbed: Testbed, deployment: Deployment, policy: Policy): Promise<void> {
  await testbed.stop(deployment);
  const environment = {
    ...deployment.environment,
    CONSUMER_PRIORITY: policy === 'ranked' ? 'ranked' : 'equal',
    LOG_LEVEL: 'warn',
  };
  for (let count = policy === 'one worker' ? 1 : WORKERS; count > 0; count -= 1) {
    deployment.running.push(await startSubject('worker', environment));
  }
}

async function measure(
  testbed: Testbed,
  deployment: Deployment,
  which: Pick<FleetRun, 'workload' | 'policy' | 'inFlight' | 'round'>,
  databaseTime: () => Promise<number>,
): Promise<FleetRun> {
  const { running, queue } = deployment;
  const batches = (): ReturnType<(typeof running)[number]['batches']>[] => running.map((worker) => worker.batches());
  let [before, after, databaseBefore, databaseAfter, cpu] = [await Promise.all(batches()), [] as Batches, 0, 0, 0];
  const source = testbed.source(deployment, which.workload, which.round);
  const [answered] = await testbed.producer.run(queue, [{ source, inFlight: which.inFlight }], {
    warmUp: WARM_UP_S,
    measured: testbed.settings.seconds,
    begin: async () => {
      before = await Promise.all(batches());
      databaseBefore = await databaseTime();
      await Promise.all(running.map((worker) => worker.reset()));
    },
    end: async () => {
      const readings = await Promise.all(running.map((worker) => worker.read()));
      cpu = readings.reduce((sum, { cpuMicros }) => sum + cpuMicros, 0);
      databaseAfter = await databaseTime();
      after = await Promise.all(batches());
    },
  });
  if (answered === undefined) throw new Error('the stream has no result');
  const executed = after.map(({ sum }, i) => sum - (before[i]?.sum ?? 0));
  const total = executed.reduce((sum, of) => sum + of, 0);
  const sent = after.reduce((sum, { count }, i) => sum + count - (before[i]?.count ?? 0), 0);
  return {
    ...which,
    perSecond: answered.requests / answered.seconds,
    p50: answered.latency.p50,
    p99: answered.latency.p99,
    batch: total / sent,
    active: executed.filter((of) => of > total / running.length / 10).length,
    workerMicros: cpu / answered.requests,
    databaseMicros: (databaseAfter - databaseBefore) / answered.requests,
  };
}

type Batches = readonly { readonly sum: number; readonly count: number }[];
