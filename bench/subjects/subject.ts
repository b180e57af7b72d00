import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { freePort } from '../../infrastructure/addresses.ts';
import { ROOT, startOptions, startScript } from '../../infrastructure/command.ts';
import { waitFor } from '../../infrastructure/progress.ts';
import type { Subject } from '../figures.ts';
import { probeMeter, processMeter, type Meter } from './meter.ts';
import { isPeer, peerProgram, type Peer } from './peers.ts';

const START = startScript();

/** Node's arguments for each subject of this project; the worker has those of `npm start`. */
const PROGRAMS: Readonly<Record<Exclude<Subject, Peer>, () => readonly string[]>> = {
  worker: () => START.program,
  plain: () => ['bench/subjects/plain.ts'],
  echo: () => ['bench/subjects/echo.ts'],
  other: () => [...startOptions(), process.env['BENCH_OTHER'] ?? 'dist/main.js'],
};

/** The variables of OpenTelemetry, for the one subject that is to be measured with traces. */
function tracesAsked(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('OTEL_')));
}

/** The folder of the measured processes' output. */
const LOGS = join(ROOT, '.cache/bench');

/** Removes the output of an earlier run, which has a line for each request. */
export function deleteLogs(): void {
  rmSync(LOGS, { recursive: true, force: true });
}

/** A measured process that consumes requests. */
export interface RunningSubject extends Meter {
  readonly subject: Subject;
  readonly pid: number;
  /** When it was spawned, by `performance.now()`. */
  readonly spawnedAt: number;
  /** Returns sum and count of the batch sizes of its requests so far. */
  batches(): Promise<{ readonly sum: number; readonly count: number }>;
  /** Stops it gracefully; throws where its exit code says that it failed. */
  stop(): Promise<void>;
}

/**
 * Starts a process and waits until it consumes requests. It gets no variables but `environment`.
 * Without the probe, which takes 30 ms to load, `reset` and `read` do not work.
 */
export async function startSubject(
  subject: Subject,
  environment: Readonly<Record<string, string>>,
  { probed = true }: { readonly probed?: boolean } = {},
): Promise<RunningSubject> {
  mkdirSync(LOGS, { recursive: true });
  const log = openSync(join(LOGS, `${subject}.log`), 'a');
  const port = await freePort();
  const { command, args, exitCode } = isPeer(subject)
    ? peerProgram(subject)
    : { command: 'node', args: PROGRAMS[subject](), exitCode: 0 };
  const isNode = command === 'node';
  const spawnedAt = performance.now();
  const child = spawn(isNode ? process.execPath : command, isNode ? [...nodeOptions(probed), ...args] : args, {
    cwd: ROOT,
    stdio: isNode ? ['ignore', log, log, 'ipc'] : ['ignore', log, log],
    env: {
      ...(isNode && START.environment),
      PATH: process.env['PATH'] ?? '',
      ...(subject === 'other' && tracesAsked()),
      ...environment,
      HTTP_PORT: String(port),
    },
  });
  // The probe ends a process of Node with the benchmark; others have none.
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  const url = `http://127.0.0.1:${port}`;
  await waitFor(`the ${subject}`, 60_000, async () => {
    if (child.exitCode !== null) throw new Error(`the ${subject} ended with code ${child.exitCode}; see ${LOGS}`);
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    return answer?.ok === true ? true : undefined;
  });
  return {
    subject,
    pid: child.pid!,
    spawnedAt,
    ...(isNode ? probeMeter(child) : processMeter(child.pid!)),
    batches: async () => {
      if (subject !== 'worker' && subject !== 'other') return { sum: 0, count: 0 };
      const text = await (await fetch(`${url}/metrics`)).text();
      return { sum: total(text, 'contacts_batch_size_sum'), count: total(text, 'contacts_batch_size_count') };
    },
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const [code] = (await ended) as [number | null];
      if (code !== exitCode) throw new Error(`the ${subject} ended with code ${code}; see ${LOGS}`);
    },
  };
}

/** Node's own options of a measured process. */
function nodeOptions(probed: boolean): readonly string[] {
  const profiler = process.env['BENCH_NODE_OPTIONS']?.split(' ') ?? [];
  const probe = probed ? ['--import', join(ROOT, 'bench/subjects/probe.ts')] : [];
  return [...profiler, ...probe];
}

function total(metrics: string, name: string): number {
  const lines = metrics.split('\n').filter((line) => line.startsWith(name));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}
