import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { FreshNames } from '../../support/fresh-names.ts';

const CLI = fileURLToPath(new URL('../../../src/cli.ts', import.meta.url));

/** Exit code and output of a process; `code` is `null` where a signal ended it. */
export interface ProcessResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

interface ProcessOptions {
  readonly settings?: Readonly<Record<string, string>>;
  /** Called when the process has been started. */
  readonly started?: (child: ChildProcess) => void;
}

type QueueNames = Pick<FreshNames, 'amqpUrl' | 'queue'>;

/** Runs `contacts ARGS` as a process without a terminal. */
export function runCli(
  names: QueueNames,
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<ProcessResult> {
  return runProcess(names, [process.execPath, CLI, ...args], options);
}

/** Runs a line of the shell in which `$CONTACTS` is the program. */
export function runShell(names: QueueNames, line: string, options: ProcessOptions = {}): Promise<ProcessResult> {
  return runProcess(names, ['sh', '-c', line], options);
}

function runProcess(
  { amqpUrl, queue }: QueueNames,
  [program = '', ...args]: readonly string[],
  { settings = {}, started = () => undefined }: ProcessOptions,
): Promise<ProcessResult> {
  const contacts = `${process.execPath} ${CLI}`;
  const env = { PATH: process.env['PATH'], CONTACTS: contacts, AMQP_URL: amqpUrl, REQUEST_QUEUE: queue, ...settings };
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  started(child);
  return new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal, out, err })));
}
