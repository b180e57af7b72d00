import { step } from '../../infrastructure/progress.ts';
import type { Cost, Run, Subject } from '../figures.ts';
import type { Testbed } from '../infrastructure/testbed.ts';
import { totalOf, type Turn } from '../load/turns.ts';
import type { Source, Workload } from '../load/workloads.ts';
import { printRun } from '../report/progress.ts';
import { rotated } from './throughput.ts';

/** Measured seconds of one turn. */
const TURN_S = 1.5;
/** Seconds before them that do not count: caches and clocks of the processor adapt. */
const LEAD_IN_S = 0.3;
const WARM_UP_S = 5;
/** More than any subject deletes one at a time. */
const DELETES_PER_SECOND = 2_000;

/**
 * One request in flight, each method. Within a round the subjects alternate in short turns, each
 * time in another order, so that what else the machine does affects all of them alike.
 */
export async function latency(testbed: Testbed, workloads: readonly Workload[]): Promise<readonly Run[]> {
  const runs: Run[] = [];
  await step('Warming up', () => warmUp(testbed, workloads));
  for (let round = 1; round <= testbed.settings.rounds; round += 1) {
    for (const workload of workloads.filter((name) => name !== 'mixed')) {
      for (const run of await measureRound(testbed, workload, round)) {
        printRun(run);
        runs.push(run);
      }
    }
  }
  return runs;
}

/**
 * V8 must have compiled what is measured, whether or not other studies ran before. Only what was
 * asked for: a subject may not know the rest.
 */
async function warmUp(testbed: Testbed, workloads: readonly Workload[]): Promise<void> {
  const measured = WARM_UP_S / workloads.length;
  for (const deployment of testbed.deployments.values())
    for (const workload of workloads)
      await testbed.workload(deployment, workload, { inFlight: 32, round: 0, warmUp: 0, measured });
}

async function measureRound(testbed: Testbed, workload: Workload, round: number): Promise<readonly Run[]> {
  const turns = Math.max(2, Math.round(testbed.settings.seconds / TURN_S));
  const lanes = new Map<Subject, { readonly source: Source; readonly turns: Turn[] }>();
  for (const [subject, deployment] of testbed.deployments) {
    if (workload === 'delete' && subject !== 'echo')
      await deployment.contacts.ensureDeletable(Math.ceil(DELETES_PER_SECOND * (turns + 1) * (TURN_S + LEAD_IN_S)));
    lanes.set(subject, { source: testbed.source(deployment, workload, round), turns: [] });
  }
  for (let turn = 0; turn < turns; turn += 1) {
    for (const subject of rotated(testbed, round + turn)) {
      const lane = lanes.get(subject)!;
      lane.turns.push(await measureTurn(testbed, subject, lane.source, false));
    }
  }
  const runs: Run[] = [];
  for (const [subject, lane] of lanes) {
    // One more turn only for the event loop: watching it costs processor time.
    const { loop } = await measureTurn(testbed, subject, lane.source, true);
    const { cost, ...total } = totalOf(lane.turns);
    const { size: contacts } = testbed.deployment(subject).contacts;
    const about = { subject, workload, inFlight: 1, workers: 1, contacts, round, batch: undefined };
    runs.push({ ...about, ...total, cost: { ...cost, ...(loop !== undefined && { loop }) } });
  }
  return runs;
}

async function measureTurn(
  testbed: Testbed,
  subject: Subject,
  source: Source,
  watchLoop: boolean,
): Promise<Turn & Pick<Cost, 'loop'>> {
  const { queue, running } = testbed.deployment(subject);
  const [process] = running;
  if (process === undefined) throw new Error(`no ${subject} runs`);
  let used = await process.read();
  const [answered] = await testbed.producer.run(queue, [{ source, inFlight: 1 }], {
    warmUp: LEAD_IN_S,
    measured: TURN_S,
    begin: () => process.reset(watchLoop),
    end: async () => {
      used = await process.read();
    },
  });
  if (answered === undefined) throw new Error('the stream has no result');
  const { times, failed, seconds } = answered;
  return { times, failed, seconds, ...used };
}
