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
  /** At least so many, repeats not counted. */
  readonly requests: number;
  readonly workers: number;
  readonly senders: number;
  /** Faults may last beyond every time limit of the worker. */
  readonly longFaults: boolean;
  readonly removedGuard: Guard | undefined;
  readonly plan: (random: Random) => readonly FaultKind[];
  /** No fault begins after so much time. */
  readonly limitMs: number;
  /** All must go on again within this time after a fault's end; a run ends in as much and a half. */
  readonly recoveryMs: number;
}

/** One fault as it went. */
export interface Injected {
  readonly name: string;
  /** `false`: its occasion did not come, and nothing happened. */
  readonly happened: boolean;
  /** Nanoseconds on the journal's clock; until all that was under way at its end was answered. */
  readonly from: number;
  readonly until: number;
  readonly inFlight: number;
}

/** All that a run leaves behind. */
export interface RunRecord {
  readonly workers: number;
  readonly journal: Journal;
  readonly folder: string;
  readonly final: FinalState;
  readonly faults: readonly Injected[];
  /** What the suite itself saw and must not be. */
  readonly problems: readonly string[];
  readonly requests: number;
  readonly unexpectedEnds: number;
  readonly seconds: number;
}

const FAULT_LIMIT_MS = 120_000;
/** All that has to go on may take so long. */
export const RECOVERY_LIMIT_MS = 120_000;
/** Without a guard some things never recover. */
const RECOVERY_WITHOUT_GUARD_MS = 20_000;
const WARM_UP_ANSWERS = 150;
/** Some eighty requests a second, so that somebody is there to be held up. */
const GENTLY = 20;
const GENTLY_EVERY_MS = 250;
const MEASURE_EVERY_MS = 500;

/** Runs load and faults on a testbed of its own, which is gone afterwards, also where `signal` ends the run early. */
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
    return await Promise.race([perform(settings, testbed, folder, undo), interrupted]);
  } finally {
    for (const step of undo.splice(0)) await step();
  }
}

async function perform(
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
  // Writes the names of the queues, which a kill would otherwise empty (see faults/broker.ts).
  await broker.stop();
  await broker.start();
  await load.connected();
  load.start();
}

/** Full load, the fault, its end, and the wait until everything that it held up is answered. */
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
  const going = othersWithinMs === undefined ? undefined : setInterval(() => load.allow(GENTLY), GENTLY_EVERY_MS);
  const happened = await fromBeginToEnd(kind, context)
    .catch((error: unknown) => {
      context.reportProblem(error instanceof Error ? error.message : String(error));
      return true;
    })
    .finally(() => clearInterval(going));
  journal.add({ type: 'fault', at: journal.now(), name, phase: 'ends' });
  await recovery(name, context);
  return { name, happened, from, until: journal.now(), inFlight };
}

/** Whether its occasion came. */
async function fromBeginToEnd(kind: FaultKind, context: FaultContext): Promise<boolean> {
  const { name } = kind;
  const active = await within(FAULT_LIMIT_MS, name, kind.begin(context));
  if (active === undefined) return false;
  await new Promise((resolve) => setTimeout(resolve, active.holdMs));
  await within(FAULT_LIMIT_MS, `the end of: ${name}`, active.end());
  return true;
}

/** Resolves when all goes on. Where it does not, that is noted, and the run goes on with new workers and without what is lost. */
async function recovery(name: string, { load, testbed, reportProblem, recoveryMs }: FaultContext): Promise<void> {
  const caughtUp = (): Promise<boolean> =>
    within(recoveryMs, name, goesOn(load, testbed, recoveryMs)).then(
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

/** Everything that was under way is answered, and every worker takes requests: not only its log says so, but the broker. */
async function goesOn(load: Load, { broker, workers }: Testbed, limitMs: number): Promise<void> {
  await Promise.all([load.caughtUp(), ...workers.map((worker) => worker.ready())]);
  await consumers(broker, workers.length, limitMs);
}

/** The rest of the requests, every answer, and an empty queue. */
async function finish({ load, testbed, recoveryMs }: FaultContext, requests: number): Promise<void> {
  load.allow(Math.max(0, requests - load.sent));
  await until(() => load.sent >= requests);
  await within(1.5 * recoveryMs, 'the last answers', load.end());
  await emptyQueue(testbed.broker, 1.5 * recoveryMs);
}

async function until(met: () => boolean): Promise<void> {
  const limit = Date.now() + RECOVERY_LIMIT_MS;
  while (!met()) {
    if (Date.now() > limit) throw new Error('the load stands still though nothing is broken');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function progress(fault: Injected | undefined): string {
  if (fault === undefined) return '';
  const { name, happened, from, until: to, inFlight } = fault;
  const seconds = ((to - from) / 1e9).toFixed(1);
  return `${name}${happened ? '' : ' (did not happen)'}: ${inFlight} under way, recovered after ${seconds} s`;
}
