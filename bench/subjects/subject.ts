import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { freePort } from '../../infrastructure/addresses.ts';
import { ROOT } from '../../infrastructure/command.ts';
import { waitFor } from '../../infrastructure/progress.ts';
import type { Subject } from '../figures.ts';
import type { Reading } from './probe.ts';

const START = startScript();

/** Node's arguments for each subject; the worker has those of `npm start`. */
const PROGRAMS: Readonly<Record<Subject, readonly string[]>> = {
  worker: START.program,
  plain: ['bench/subjects/plain.ts'],
  echo: ['bench/subjects/echo.ts'],
  other: [...START.program.slice(0, -1), process.env['BENCH_OTHER'] ?? 'dist/main.js'],
};

/** Reads `npm start`: the variables that it sets, and Node's arguments. */
function startScript(): {
  readonly environment: Readonly<Record<string, string>>;
  readonly program: readonly string[];
} {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: { start: string } };
  const words = scripts.start.split(' ');
  const node = words.indexOf('node');
  const environment = words.slice(0, node).map((word) => word.split('=') as [string, string]);
  return { environment: Object.fromEntries(environment), program: words.slice(node + 1) };
}

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
export interface RunningSubject {
  readonly subject: Subject;
  readonly pid: number;
  /** When it was spawned, by `performance.now()`. */
  readonly spawnedAt: number;
  /** Starts counting what it uses; watching the event loop uses some processor time. */
  reset(watchLoop?: boolean): Promise<void>;
  /** Returns what it has used since `reset`. */
  read(): Promise<Reading>;
  /** Returns sum and count of the batch sizes of its requests so far. */
  batches(): Promise<{ readonly sum: number; readonly count: number }>;
  /** Stops it gracefully; throws unless it exits with code 0. */
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
  const profiler = process.env['BENCH_NODE_OPTIONS']?.split(' ') ?? [];
  const probe = probed ? ['--import', join(ROOT, 'bench/subjects/probe.ts')] : [];
  const spawnedAt = performance.now();
  const child = spawn(process.execPath, [...profiler, ...probe, ...PROGRAMS[subject]], {
    cwd: ROOT,
    stdio: ['ignore', log, log, 'ipc'],
    env: {
      ...START.environment,
      PATH: process.env['PATH'] ?? '',
      ...(subject === 'other' && tracesAsked()),
      ...environment,
      HTTP_PORT: String(port),
    },
  });
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
    reset: async (watchLoop = true) => void (await ask(child, watchLoop ? 'reset' : 'reset unwatched')),
    read: () => ask(child, 'read'),
    batches: async () => {
      if (subject !== 'worker' && subject !== 'other') return { sum: 0, count: 0 };
      const text = await (await fetch(`${url}/metrics`)).text();
      return { sum: total(text, 'contacts_batch_size_sum'), count: total(text, 'contacts_batch_size_count') };
    },
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const [code] = (await ended) as [number | null];
      if (code !== 0) throw new Error(`the ${subject} ended with code ${code}; see ${LOGS}`);
    },
  };
}

async function ask(child: ChildProcess, question: 'reset' | 'reset unwatched' | 'read'): Promise<Reading> {
  const answered = once(child, 'message', { signal: AbortSignal.timeout(30_000) });
  child.send(question);
  const [reading] = (await answered) as [Reading];
  return reading;
}

function total(metrics: string, name: string): number {
  const lines = metrics.split('\n').filter((line) => line.startsWith(name));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}
