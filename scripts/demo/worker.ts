import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, run } from '../../infrastructure/command.ts';
import { UserFacingError, step } from '../../infrastructure/progress.ts';

/** The log of the demo's worker. */
export const WORKER_LOG = join(ROOT, '.cache/demo-worker.log');

export interface DemoWorker {
  readonly pid: number;
  readonly httpUrl: string;
  /** Stops it and resolves with its exit code. */
  stop(): Promise<number | null>;
}

/** Builds the worker, starts it as a separate process and waits until it consumes requests. */
export async function startWorker(settings: Readonly<Record<string, string>>, httpPort: number): Promise<DemoWorker> {
  await step('npm run build', () => run('npm', ['run', 'build', '--silent'], { limitMs: 300_000 }));
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  const log = openSync(WORKER_LOG, 'w');
  const child = spawn(process.execPath, [join(ROOT, 'dist/main.js')], {
    cwd: ROOT,
    // Detached from the terminal's group: Ctrl-C stops the demo, and the demo stops the worker.
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, ...settings, HTTP_PORT: String(httpPort) },
  });
  const exited = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
    child.once('error', () => resolve(-1));
  });
  const httpUrl = `http://127.0.0.1:${httpPort}`;
  try {
    await step('Starting the worker', () => untilReady(child, `${httpUrl}/readyz`));
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  child.unref();
  return {
    pid: child.pid!,
    httpUrl,
    stop: () => {
      child.ref();
      child.kill('SIGTERM');
      return exited;
    },
  };
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  const until = Date.now() + 60_000;
  while (child.exitCode === null && child.signalCode === null && Date.now() < until) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    if (answer?.ok === true) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const tail = readFileSync(WORKER_LOG, 'utf8').trimEnd().split('\n').slice(-10).join('\n  ');
  const what = child.exitCode === null ? 'did not become ready within 60 s' : `exited with code ${child.exitCode}`;
  throw new UserFacingError(`The worker ${what}. The end of its log (${WORKER_LOG}):\n  ${tail}`);
}
