import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { FreshNames } from './fresh-names.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** A worker as a separate process. */
export interface WorkerProcess {
  readonly child: ChildProcess;
  /** Returns its standard output so far. */
  output(): string;
  /** Returns its standard error so far. */
  errors(): string;
  /** Resolves with the exit code, or with the signal that ended it. */
  readonly exited: Promise<number | string>;
  signal(signal: NodeJS.Signals): void;
}

export interface ProcessOptions {
  /** Options of Node itself. */
  readonly nodeOptions?: readonly string[];
  /** A shell's redirection of standard output, e.g. `> /dev/full`. */
  readonly redirection?: string;
  /** Another program to start instead of `main.ts`. */
  readonly main?: string;
}

/** Starts `main.ts` in a test's namespace. The test has to stop it. */
export function startProcess(
  names: FreshNames,
  settings: Readonly<Record<string, string>> = {},
  { nodeOptions = [], redirection = '', main = MAIN }: ProcessOptions = {},
): WorkerProcess {
  const child = spawn('sh', ['-c', `exec "$0" "$@" ${redirection}`, process.execPath, ...nodeOptions, main], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      AMQP_URL: names.amqpUrl,
      MONGODB_URL: names.mongodbUrl,
      REQUEST_QUEUE: names.queue,
      HTTP_PORT: '0',
      ...settings,
    },
  });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  return {
    child,
    output: () => output,
    errors: () => errors,
    exited: new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'))),
    signal: (signal) => void child.kill(signal),
  };
}
