import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A tool's standard output and errors, in order of arrival, and its exit code. */
export interface ToolRun {
  readonly exitCode: number;
  readonly output: string;
}

const BINARIES = fileURLToPath(new URL('../../node_modules/.bin/', import.meta.url));

/**
 * Runs a development tool of this project in the folder `root`. Rejects only where it cannot be
 * started.
 */
export function runTool(name: string, args: readonly string[], root: string): Promise<ToolRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(`${BINARIES}${name}`, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.once('error', reject);
    child.once('close', (code) => resolve({ exitCode: code ?? 1, output: Buffer.concat(chunks).toString() }));
  });
}
