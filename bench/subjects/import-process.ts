import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from '../../infrastructure/command.ts';

/** The counts that `contacts import -o json` prints. */
export interface ImportCounts {
  readonly rows: number;
  readonly created: number;
  readonly repeated: number;
  readonly rejected: number;
  readonly unanswered: number;
}

/** What a process used until it was last looked at. */
interface Usage {
  /** Of resident memory, since its start. */
  readonly peakMiB: number;
  readonly cpuSeconds: number;
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
/** Of Linux, in a second; /proc counts in them. */
const TICKS = 100;

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

/** `undefined` where the process has ended. */
function usageOf(pid: number | undefined): Usage | undefined {
  try {
    const peakKiB = Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    // The fields behind the program's name, which may hold anything but a line end.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    const ticks = Number(fields[11]) + Number(fields[12]);
    return Number.isFinite(peakKiB) ? { peakMiB: peakKiB / 1_024, cpuSeconds: ticks / TICKS } : undefined;
  } catch {
    return undefined;
  }
}
