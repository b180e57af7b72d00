import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { FreshNames } from '../../support/fresh-names.ts';

export const CLI = fileURLToPath(new URL('../../../src/cli.ts', import.meta.url));

/** A command that has ended. */
export interface Ended {
  readonly code: number | string;
  readonly out: string;
  readonly err: string;
}

/** A command that runs. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
}

/** Starts the program as a process of its own, without a terminal, in a test's namespace. */
export function startContacts(
  names: FreshNames,
  args: readonly string[],
  { env = {}, stdin = '' }: CommandOptions = {},
): Running {
  const child = spawn(process.execPath, [CLI, ...args], {
    env: { PATH: process.env['PATH'], AMQP_URL: names.amqpUrl, REQUEST_QUEUE: names.queue, ...env },
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  child.stdin.on('error', () => undefined).end(stdin);
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => resolve({ code: code ?? signal ?? 'unknown', out, err }));
  });
  return { child, ended };
}

/** Runs the program to its end. */
export function contacts(names: FreshNames, args: readonly string[], options?: CommandOptions): Promise<Ended> {
  return startContacts(names, args, options).ended;
}

/** Writes a file of the test's own; gives its path. */
export function tempFile(name: string, content: string | Uint8Array): string {
  const path = join(mkdtempSync(join(tmpdir(), 'contacts-cli-')), name);
  writeFileSync(path, content);
  return path;
}
