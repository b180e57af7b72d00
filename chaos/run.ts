import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from '../infrastructure/command.ts';
import { UserFacingError, printProgress } from '../infrastructure/progress.ts';
import { within } from '../src/time/limit.ts';
import type { FaultContext, FaultKind } from './faults/fault.ts';
import { injectFaults, waitUntil, type Injected } from './inject.ts';
import { finalState } from './final-state.ts';
import type { Guard } from './guards.ts';
import type { FinalState } from './journal.ts';
import { Journal } from './journal-file.ts';
import { ClientSender } from './load/client-sender.ts';
import { Load, type OpenSender } from './load/load.ts';
import { Requests } from './load/requests.ts';
import { Sender } from './load/sender.ts';
import { Random } from './random.ts';
import { startClusterTestbed } from './cluster/cluster-testbed.ts';
import { cleanUp, waitForEmptyQueue, startTestbed, type Testbed } from './infrastructure/testbed.ts';

export interface RunSettings {
  readonly seed: number;
  /** Least number of requests, repeats excluded. */
  readonly requests: number;
  readonly workers: number;
  readonly senders: number;
  /** Whether faults may last beyond every time limit of the worker. */
  readonly longFaults: boolean;
  readonly removedGuard: Guard | undefined;
  /** Whether the load goes through the client library. */
  readonly client?: boolean;
  /** Whether the broker is a cluster of three nodes; by default it is one node. */
  readonly cluster?: boolean;
  /** REQUEST_QUEUES of workers and senders. Default: 1. */
  readonly queues?: number;
  /** As in `TestbedSettings`. */
  readonly partitionHandling?: string | undefined;
  readonly plan: (random: Random) => readonly FaultKind[];
  /** What happens under load, instead of the plan's faults; adds what it injects to `injected`. */
  readonly course?: (context: FaultContext, injected: Injected[]) => Promise<void>;
  /** Whether the load contains poison, a method of the suite's own worker. Default: yes. */
  readonly poison?: boolean;
  /** As in `TestbedSettings`. */
  readonly program?: readonly string[];
  readonly environmentOf?: (worker: number) => Readonly<Record<string, string>>;
  /** For the journal, the logs and the report. Default: one named after the seed. */
  readonly folder?: string;
  /** No fault begins later than this. */
  readonly limitMs: number;
  /**
   * Everything has to work again within this time after a fault; the last answers have 1.5× this
   * time.
   */
  readonly recoveryMs: number;
}

/** The results of a run. */
export interface RunRecord {
  readonly workers: number;
  readonly queues: number;
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

/** Default for recoveryMs. */
export const RECOVERY_LIMIT_MS = 120_000;
/** Without a guard some requests never recover. */
const RECOVERY_WITHOUT_GUARD_MS = 20_000;
const MEASURE_EVERY_MS = 500;

/**
 * Runs load and faults on a testbed of its own, and removes it afterwards, also where `signal` ends
 * the run early.
 */
export async function runChaos(settings: RunSettings, signal?: AbortSignal): Promise<RunRecord> {
  const folder = settings.folder ?? join(ROOT, '.cache/chaos', `${settings.seed}`);
  mkdirSync(folder, { recursive: true });
  const undo: (() => Promise<unknown>)[] = [];
  try {
    const start = settings.cluster ? startClusterTestbed : startTestbed;
    const testbed = await start({ ...settings, folder }, undo);
    const interrupted = new Promise<never>((_, reject) => {
      const end = (): void => reject(new UserFacingError('Interrupted.'));
      if (signal?.aborted === true) end();
      signal?.addEventListener('abort', end);
    });
    return await Promise.race([execute(settings, testbed, folder, undo), interrupted]);
  } finally {
    await cleanUp(undo);
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
  const requests = new Requests(random.branch(), { poison: settings.poison ?? true });
  const problems: string[] = [];
  const reportProblem = (detail: string): void => {
    printProgress(`!! ${detail}`);
    problems.push(detail);
  };
  const load = new Load(
    settings.senders,
    senders(settings, testbed, journal, reportProblem),
    requests,
    random.branch(),
  );
  undo.unshift(() => load.close());
  const { workers, longFaults, removedGuard, queues = 1 } = settings;
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
    const latestStart = startedAt + settings.limitMs;
    if (settings.course !== undefined) await settings.course(context, injected);
    else await injectFaults(faults, context, { requests: settings.requests, latestStart }, injected);
    await finish(context, settings.requests);
  } catch (error) {
    reportProblem(error instanceof Error ? error.message : String(error));
  }
  measure();
  const final = await finalState(testbed);
  await journal.close();
  const seconds = (Date.now() - startedAt) / 1000;
  const unexpectedEnds = testbed.workers.reduce((sum, worker) => sum + worker.unexpectedEnds.length, 0);
  const ends = { unexpectedEnds, seconds };
  return { workers, queues, journal, folder, final, faults: injected, problems, requests: load.sent, ...ends };
}

function senders(
  { client, queues = 1 }: RunSettings,
  { producersUrls: urls }: Testbed,
  journal: Journal,
  reportProblem: FaultContext['reportProblem'],
): OpenSender {
  if (client !== true) return (number, onAnswer) => new Sender(number, urls, journal, onAnswer, queues);
  return (number, onAnswer) => new ClientSender(number, { urls, queues, journal, onAnswer, reportProblem });
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

/** Sends the remaining requests, then waits for every answer and an empty queue. */
async function finish({ load, testbed, recoveryMs }: FaultContext, requests: number): Promise<void> {
  load.allow(Math.max(0, requests - load.sent));
  await waitUntil(() => load.sent >= requests);
  await within(1.5 * recoveryMs, 'the last answers', load.end());
  await waitForEmptyQueue(testbed.broker, 1.5 * recoveryMs);
}
