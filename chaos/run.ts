import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from '../infrastructure/command.ts';
import { UserFacingError, printProgress } from '../infrastructure/progress.ts';
import { within } from '../src/time/limit.ts';
import type { FaultKind, FaultContext } from './faults/fault.ts';
import { finalState } from './final-state.ts';
import type { Guard } from './guards.ts';
import type { FinalState } from './journal.ts';
import { Journal } from './journal-file.ts';
import { Load } from './load/load.ts';
import { Requests } from './load/requests.ts';
import { Random } from './random.ts';
import { startTestbed, consumers, emptyQueue, type Testbed } from './infrastructure/testbed.ts';

export interface RunSettings {
  readonly seed: number;
  /** Least number of requests, repeats excluded. */
  readonly requests: number;
  readonly workers: number;
  readonly senders: number;
  /** Whether faults may last beyond every time limit of the worker. */
  readonly longFaults: boolean;
  readonly removedGuard: Guard | undefined;
  readonly plan: (random: Random) => readonly FaultKind[];
  /** No fault begins later than this. */
  readonly limitMs: number;
  /** Everything has to work again within this time after a fault; the last answers have 1.5× this time. */
  readonly recoveryMs: number;
}

/** One injected fault. */
export interface Injected {
  readonly name: string;
  /** `false`: its trigger did not occur, and nothing happened. */
  readonly happened: boolean;
  /** Nanoseconds on the journal's clock; lasts until everything in flight at its end is answered. */
  readonly from: number;
  readonly until: number;
  readonly inFlight: number;
}

/** The results of a run. */
export interface RunRecord {
  readonly workers: number;
  readonly journal: Journal;
  readonly folder: string;
  readonly final: FinalState;
  readonly faults: readonly Injected[];
  /** Problems that the suite itself recorded. */
  readonly problems: readonly string[];
  readonly requests: number;
  readonly unexpectedEnds: number;
  readonly seconds: number;
}

const FAULT_LIMIT_MS = 120_000;
/** Default for recoveryMs. */
export const RECOVERY_LIMIT_MS = 120_000;
/** Without a guard some requests never recover. */
const RECOVERY_WITHOUT_GUARD_MS = 20_000;
const WARM_UP_ANSWERS = 150;
/** About 80 requests per second, so that there are requests that a fault could delay. */
const LOW_LOAD = 20;
const LOW_LOAD_EVERY_MS = 250;
const MEASURE_EVERY_MS = 500;

/**
 * Runs load and faults on a testbed of its own, and removes it afterwards, also where `signal` ends
 * the run early.
 */
export async function runChaos(settings: RunSettings, signal?: AbortSignal): Promise<RunRecord> {
  const folder = join(ROOT, '.cache/chaos', `${settings.seed}`);
  mkdirSync(folder, { recursive: true });
  const undo: (() => Promise<unknown>)[] = [];
  try {
    const testbed = await startTestbed({ ...settings, folder }, undo);
    const interrupted = new Promise<never>((_, reject) => {
      const end = (): void => reject(new UserFacingError('Interrupted.'));
      if (signal?.aborted === true) end();
      signal?.addEventListener('abort', end);
    });
    return await Promise.race([execute(settings, testbed, folder, undo), interrupted]);
  } finally {
    for (const step of undo.splice(0)) await step();
  }
}

async function execute(
  settings: RunSettings,
  testbed: Testbed,
  folder: string,
  undo: (() => Promise<unknown>)[],
): Promise<RunRecord> {
  const random = new Random(settings.seed);
  const faults = settings.plan(random.branch());
  const journal = new Journal(join(folder, 'journal.jsonl'));
  const requests = new Requests(random.branch());
  const load = new Load(settings.senders, testbed.producersUrl, journal, requests, random.branch());
  undo.unshift(() => load.close());
  const problems: string[] = [];
  const reportProblem = (detail: string): void => {
    printProgress(`!! ${detail}`);
    problems.push(detail);
  };
  const { longFaults, removedGuard } = settings;
  const recoveryMs = removedGuard === undefined ? settings.recoveryMs : RECOVERY_WITHOUT_GUARD_MS;
  const context: FaultContext = {
    testbed,
    load,
    journal,
    random: random.branch(),
    longFaults,
    recoveryMs,
    reportProblem,
  };
  const measure = (): void => testbed.workers.forEach((worker) => worker.measure());
  const watch = setInterval(measure, MEASURE_EVERY_MS);
  undo.unshift(async () => clearInterval(watch));
  const startedAt = Date.now();
  const injected: Injected[] = [];
  try {
    await begin(load, testbed);
    const share = Math.ceil(settings.requests / Math.max(1, faults.length));
    for (const [index, kind] of faults.entries()) {
      if (Date.now() - startedAt > settings.limitMs) break;
      injected.push(await inject(kind, context, share));
      printProgress(`${index + 1}/${faults.length} ${progress(injected.at(-1))}; ${load.answered} answers`);
    }
    await finish(context, settings.requests);
  } catch (error) {
    reportProblem(error instanceof Error ? error.message : String(error));
  }
  measure();
  const final = await finalState(testbed);
  await journal.close();
  const seconds = (Date.now() - startedAt) / 1000;
  const unexpectedEnds = testbed.workers.reduce((sum, worker) => sum + worker.unexpectedEnds.length, 0);
  const { workers } = settings;
  return {
    workers,
    journal,
    folder,
    final,
    faults: injected,
    problems,
    requests: load.sent,
    unexpectedEnds,
    seconds,
  };
}

async function begin(load: Load, { broker }: Testbed): Promise<void> {
  await load.connected();
  // Makes the broker write the names of the queues; a kill would otherwise empty them (see
  // faults/broker.ts).
  await broker.stop();
  await broker.start();
  await load.connected();
  load.start();
}

/**
 * Applies full load, injects the fault, ends it, and waits until everything that it delayed is
 * answered.
 */
async function inject(kind: FaultKind, context: FaultContext, requests: number): Promise<Injected> {
  const { load, journal } = context;
  const { name, othersWithinMs } = kind;
  const before = load.answered;
  load.allow(requests);
  await until(() => load.answered - before >= Math.min(WARM_UP_ANSWERS, requests / 4));
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
  reportProblem(`not recovered after ${recoveryMs / 1000} s: ${name}`);
  for (const worker of testbed.workers) worker.signal('SIGKILL');
  if (await caughtUp()) return;
  reportProblem(
    `not recovered with new workers either, after ${recoveryMs / 1000} s: ${load.inFlight} requests unanswered`,
  );
  load.abandon();
}

/**
 * Resolves when everything in flight is answered and every worker consumes, according to its log
 * and to the broker.
 */
async function recovered(load: Load, { broker, workers }: Testbed, limitMs: number): Promise<void> {
  await Promise.all([load.caughtUp(), ...workers.map((worker) => worker.ready())]);
  await consumers(broker, workers.length, limitMs);
}

/** Sends the remaining requests, then waits for every answer and an empty queue. */
async function finish({ load, testbed, recoveryMs }: FaultContext, requests: number): Promise<void> {
  load.allow(Math.max(0, requests - load.sent));
  await until(() => load.sent >= requests);
  await within(1.5 * recoveryMs, 'the last answers', load.end());
  await emptyQueue(testbed.broker, 1.5 * recoveryMs);
}

async function until(met: () => boolean): Promise<void> {
  const limit = Date.now() + RECOVERY_LIMIT_MS;
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
