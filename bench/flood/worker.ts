import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { freePort } from '../../infrastructure/addresses.ts';
import { ROOT, startOptions } from '../../infrastructure/command.ts';
import { waitFor } from '../../infrastructure/progress.ts';

/** What the worker has used so far. */
export interface Usage {
  /** Seconds of CPU time. */
  readonly cpu: number;
  /** Bytes. */
  readonly memory: number;
  readonly processed: number;
}

/** A worker process on the sources, with the settings of `npm start`. */
export interface FloodedWorker {
  usage(): Promise<Usage>;
  /** The most memory of any call of `usage`, and of a look every 250 ms. */
  peak(): number;
  /** Rejects unless it ends with 0. */
  stop(): Promise<void>;
}

const LOOK_MS = 250;

export async function startFloodedWorker(environment: Readonly<Record<string, string>>): Promise<FloodedWorker> {
  const port = await freePort();
  const root = process.env['FLOOD_OTHER'] ?? ROOT;
  const child = spawn(process.execPath, [...startOptions(), 'src/main.ts'], {
    cwd: root,
    stdio: 'ignore',
    env: { PATH: process.env['PATH'], MALLOC_ARENA_MAX: '1', ...environment, HTTP_PORT: String(port) },
  });
  const url = `http://127.0.0.1:${port}`;
  await waitFor('the worker', 60_000, async () => {
    if (child.exitCode !== null) throw new Error(`the worker ended with code ${child.exitCode}`);
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    return answer?.ok === true ? true : undefined;
  });
  let peak = 0;
  const usage = async (): Promise<Usage> => {
    const page = await (await fetch(`${url}/metrics`)).text();
    const memory = valueOf(page, 'process_resident_memory_bytes');
    peak = Math.max(peak, memory);
    const cpu = valueOf(page, 'process_cpu_seconds_total');
    return { cpu, memory, processed: valueOf(page, 'contacts_requests_total') };
  };
  const looking = setInterval(() => void usage().catch(() => undefined), LOOK_MS);
  return {
    usage,
    peak: () => peak,
    stop: async () => {
      clearInterval(looking);
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const [code] = (await ended) as [number | null];
      if (code !== 0) throw new Error(`the worker ended with code ${code}`);
    },
  };
}

/** The sum of all series of a metric. */
function valueOf(page: string, name: string): number {
  const lines = page.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}
