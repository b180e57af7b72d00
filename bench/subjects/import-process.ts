import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { ROOT } from '../../infrastructure/command.ts';
import { usageOf, type Usage } from './usage.ts';

/** The counts that `contacts import -o json` prints. */
export interface ImportCounts {
  readonly rows: number;
  readonly created: number;
  readonly repeated: number;
  readonly rejected: number;
  readonly unanswered: number;
}

/** `contacts import` as a process of its own, built, as users run it. */
export interface ImportProcess {
  /** Resolves with its counts; `undefined` where it was killed. Rejects where it failed. */
  readonly ended: Promise<ImportCounts | undefined>;
  /** The figures of the last look; complete once `ended` has settled, but for the last 100 ms. */
  usage(): Usage;
  /** Sends SIGKILL. */
  kill(): void;
}

const EVERY_MS = 100;

/** Starts an import; it gets no variables but `environment`. */
export function startImport(file: string, environment: Readonly<Record<string, string>>): ImportProcess {
  const child = spawn(process.execPath, [join(ROOT, 'dist/cli.js'), 'import', file, '-o', 'json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', ...environment },
  });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  let usage: Usage = { peakMiB: 0, cpuSeconds: 0 };
  const look = setInterval(() => (usage = usageOf(child.pid) ?? usage), EVERY_MS);
  const ended = once(child, 'close').then(([code, signal]: (number | string | null)[]) => {
    clearInterval(look);
    process.off('exit', kill);
    if (signal === 'SIGKILL') return undefined;
    if (code !== 0) throw new Error(`the import ended with ${code ?? signal}: ${err.trim()}`);
    return JSON.parse(out) as ImportCounts;
  });
  return { ended, usage: () => usage, kill };
}
