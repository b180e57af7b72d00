import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { CLI } from '../cli/contacts-process.ts';

/** A command that has ended. */
export interface Ended {
  readonly code: number | string;
  readonly out: string;
  readonly err: string;
}

export interface BashOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly limitMs: number;
}

/** The block of shell commands under a heading of a page. Throws where there is none. */
export function commandsUnder(page: URL, heading: string): string {
  const [, section = ''] = readFileSync(page, 'utf8').split(`\n### ${heading}\n`);
  const block = /```sh\n([^]*?)```/.exec(section.split(/\n##/, 1)[0] ?? '')?.[1];
  if (block === undefined) throw new Error(`${page.pathname} has no commands under "${heading}"`);
  return block;
}

/** Runs commands until the first one fails, as a person would who stops there. */
export function bash(commands: string, { cwd, env, limitMs }: BashOptions): Promise<Ended> {
  // A group of its own: the limit ends what the commands have started, too.
  const child = spawn('bash', ['-e', '-c', commands], { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const limit = setTimeout(() => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'), limitMs);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(limit);
      resolve({ code: code ?? signal ?? 'unknown', out, err });
    });
  });
}

/** A new folder with the command `contacts`, to be put on the path. */
export function folderOfContacts(): string {
  const folder = mkdtempSync(join(tmpdir(), 'contacts-bin-'));
  const path = join(folder, 'contacts');
  writeFileSync(path, `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`);
  chmodSync(path, 0o755);
  return folder;
}
