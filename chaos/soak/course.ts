import { printProgress } from '../../infrastructure/progress.ts';
import { brokerFaults } from '../faults/broker.ts';
import { databaseFaults } from '../faults/database.ts';
import type { FaultContext, FaultKind } from '../faults/fault.ts';
import { networkFaults } from '../faults/network.ts';
import { terminated, workerFaults } from '../faults/workers.ts';
import { inject, type Injected } from '../inject.ts';
import { steadyLoad } from '../load/pace.ts';

/** A time without faults; nanoseconds on the journal's clock. */
export interface Calm {
  readonly from: number;
  readonly until: number;
}

export interface CourseSettings {
  readonly minutes: number;
  /** Requests per second between the faults. */
  readonly rate: number;
  readonly calmMs: number;
  /** Faults after each calm time. */
  readonly faults: number;
  /** This many workers, the first ones, are never ended or frozen: the judged ones. */
  readonly spared: number;
}

/** Sent at full speed at each fault. */
const BURST = 400;
/** Needs the suite's own worker, or ends whichever worker receives the request. */
const UNSUITABLE = /kills its worker|full disk|disk of the broker full|ledger/;

/** Faults of servers and network, for all workers, and of processes, for those that are not spared. */
function soakFaults(spared: number): readonly FaultKind[] {
  const processes = [terminated, ...workerFaults].map((kind): FaultKind => {
    const begin: FaultKind['begin'] = (context) => {
      const workers = context.testbed.workers.slice(spared);
      return kind.begin({ ...context, testbed: { ...context.testbed, workers } });
    };
    return { ...kind, begin };
  });
  return [...processes, ...brokerFaults, ...databaseFaults, ...networkFaults].filter(
    ({ name }) => !UNSUITABLE.test(name),
  );
}

/** Alternates between steady load and faults until the time is up. Returns the calm times. */
export async function soakCourse(
  settings: CourseSettings,
  context: FaultContext,
  injected: Injected[],
): Promise<readonly Calm[]> {
  const { journal, load, random } = context;
  const kinds = soakFaults(settings.spared);
  const calms: Calm[] = [];
  const endAt = Date.now() + settings.minutes * 60_000;
  const left = (): number => endAt - Date.now();
  let next: FaultKind[] = [];
  while (left() > 0) {
    const from = journal.now();
    const stop = steadyLoad(load, settings.rate);
    const calmMs = Math.min(settings.calmMs, left());
    await new Promise((resolve) => setTimeout(resolve, calmMs));
    stop();
    calms.push({ from, until: journal.now() });
    for (let fault = 0; fault < settings.faults && left() > settings.calmMs / 2; fault += 1) {
      if (next.length === 0) next = random.shuffled(kinds);
      const kind = next.pop();
      if (kind !== undefined) injected.push(await inject(kind, context, BURST));
    }
    const minutes = Math.max(0, left() / 60_000).toFixed(1);
    printProgress(`${load.answered} answers, ${injected.length} faults, ${minutes} minutes left`);
  }
  return calms;
}
