import { printProgress } from '../infrastructure/progress.ts';
import { within } from '../src/time/limit.ts';
import type { FaultContext, FaultKind } from './faults/fault.ts';
import { rosterOf } from '../src/protocol/request-queues.ts';
import { QUEUE, waitForConsumers, type Testbed } from './infrastructure/testbed.ts';
import type { Load } from './load/load.ts';

/** One injected fault. */
export interface Injected {
  readonly name: string;
  /** `false`: its trigger did not occur, and nothing happened. */
  readonly happened: boolean;
  /**
   * Nanoseconds on the journal's clock; lasts until everything in flight at its end is answered.
   */
  readonly from: number;
  readonly until: number;
  readonly inFlight: number;
}

const FAULT_LIMIT_MS = 300_000;
const WARM_UP_ANSWERS = 150;
/** About 80 requests per second, so that there are requests that a fault could delay. */
const LOW_LOAD = 20;
const LOW_LOAD_EVERY_MS = 250;
const STEADY_LIMIT_MS = 120_000;
/** Of a round that the broker spreads over the workers. */
const REQUESTS_FOR_EACH = 8;
const BROKER_LIMIT_MS = 20_000;
const NAMED_REQUESTS = 5;

/**
 * Injects the faults one after the other, none after `latestStart` (milliseconds since the epoch).
 * Adds each to `injected`, which survives an error.
 */
export async function injectFaults(
  faults: readonly FaultKind[],
  context: FaultContext,
  { requests, latestStart }: { readonly requests: number; readonly latestStart: number },
  injected: Injected[],
): Promise<void> {
  const share = Math.ceil(requests / Math.max(1, faults.length));
  for (const [index, kind] of faults.entries()) {
    if (Date.now() > latestStart) break;
    injected.push(await inject(kind, context, share));
    printProgress(`${index + 1}/${faults.length} ${progress(injected.at(-1))}; ${context.load.answered} answers`);
  }
}

/**
 * Applies full load, injects the fault, ends it, and waits until everything that it delayed is
 * answered.
 */
export async function inject(kind: FaultKind, context: FaultContext, requests: number): Promise<Injected> {
  const { load, journal } = context;
  const { name, othersWithinMs } = kind;
  const before = load.answered;
  load.allow(requests);
  await waitUntil(() => load.answered - before >= Math.min(WARM_UP_ANSWERS, requests / 4));
  const inFlight = load.inFlight;
  const from = journal.now();
  const allowed = othersWithinMs === undefined ? {} : { othersWithinMs };
  journal.add({ type: 'fault', at: from, name, phase: 'begins', ...allowed });
  const lowLoad = othersWithinMs === undefined ? undefined : setInterval(() => load.allow(LOW_LOAD), LOW_LOAD_EVERY_MS);
  const happened = await happens(kind, context)
    .catch((error: unknown) => {
      context.reportProblem(error instanceof Error ? error.message : String(error));
      return true;
    })
    .finally(() => clearInterval(lowLoad));
  journal.add({ type: 'fault', at: journal.now(), name, phase: 'ends' });
  await recovery(name, context);
  return { name, happened, from, until: journal.now(), inFlight };
}

/** Resolves with whether its trigger occurred. */
async function happens(kind: FaultKind, context: FaultContext): Promise<boolean> {
  const { name } = kind;
  const active = await within(FAULT_LIMIT_MS, name, kind.begin(context));
  if (active === undefined) return false;
  await new Promise((resolve) => setTimeout(resolve, active.holdMs));
  await within(FAULT_LIMIT_MS, `the end of: ${name}`, active.end());
  return true;
}

/**
 * Resolves when everything works again. Where it does not, records that, restarts the workers and
 * abandons what is lost.
 */
async function recovery(name: string, { load, testbed, reportProblem, recoveryMs }: FaultContext): Promise<void> {
  const caughtUp = (): Promise<boolean> =>
    within(recoveryMs, name, recovered(load, testbed, recoveryMs)).then(
      () => true,
      () => false,
    );
  if (await caughtUp()) return;
  reportProblem(`not recovered after ${recoveryMs / 1000} s: ${name}: ${await whatIsMissing(load, testbed)}`);
  for (const worker of testbed.workers) worker.signal('SIGKILL');
  if (await caughtUp()) return;
  reportProblem(
    `not recovered with new workers either, after ${recoveryMs / 1000} s: ${await whatIsMissing(load, testbed)}`,
  );
  load.abandon();
}

/**
 * Resolves when everything in flight is answered, every worker consumes, according to its log and to
 * the broker, and a further round of requests is answered: a worker that consumes and answers nothing
 * any more may have had nothing in flight.
 */
async function recovered(load: Load, { broker, workers, queues = 1 }: Testbed, limitMs: number): Promise<void> {
  await Promise.all([load.caughtUp(), ...workers.map((worker) => worker.ready())]);
  // Of several queues the broker counts only the active consumer of each; all workers are on the roster.
  await waitForConsumers(broker, workers.length, limitMs, queues === 1 ? undefined : [rosterOf(QUEUE)]);
  const round = workers.length * REQUESTS_FOR_EACH;
  const enough = load.sent + round;
  load.allow(round);
  await waitUntil(() => load.sent >= enough);
  await load.caughtUp();
}

/** The first requests without an answer, the processes that do not consume, and the broker's view. */
async function whatIsMissing({ unanswered }: Load, { broker, workers }: Testbed): Promise<string> {
  const first = unanswered.slice(0, NAMED_REQUESTS).join(', ');
  const idle = workers.filter(({ isConsuming }) => !isConsuming).map(({ number }) => number);
  const columns = ['name', 'messages_ready', 'messages_unacknowledged', 'consumers'];
  const listed = broker.exec('rabbitmqctl', '-q', 'list_queues', ...columns, '--no-table-headers');
  const queues = await within(BROKER_LIMIT_MS, 'the list of queues', listed).catch((error: unknown) => String(error));
  return (
    `${unanswered.length} requests unanswered (${first}); workers that do not consume: ${idle.join(', ') || 'none'}; ` +
    `queues (ready, unacknowledged, consumers): ${queues.trim().replaceAll('\t', ' ').replaceAll('\n', ', ')}`
  );
}

/** Polls until `met` returns true; throws after 120 s. */
export async function waitUntil(met: () => boolean): Promise<void> {
  const limit = Date.now() + STEADY_LIMIT_MS;
  while (!met()) {
    if (Date.now() > limit) throw new Error('the load has stopped although no fault is active');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function progress(fault: Injected | undefined): string {
  if (fault === undefined) return '';
  const { name, happened, from, until: to, inFlight } = fault;
  const seconds = ((to - from) / 1e9).toFixed(1);
  return `${name}${happened ? '' : ' (not triggered)'}: ${inFlight} in flight, recovered after ${seconds} s`;
}
