// Public module of infrastructure/: running other programs.
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync, type WriteStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserFacingError } from './progress.ts';

/** The project's root folder. */
export const ROOT = fileURLToPath(new URL('../', import.meta.url));

/**
 * The folder for long outputs of commands. It outlives the clone, like what the commands install.
 */
export const LOG_FOLDER = join(tmpdir(), 'contacts-infrastructure');

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Kills the command after this time; the result then has `timedOut`. Default: no limit. */
  readonly limitMs?: number;
  /** Kills the command unless it has written something by then. */
  readonly firstOutputMs?: number;
  /** A file, overwritten, that gets all the output. */
  readonly log?: string;
  /** Part of the clean-up: also runs after `terminateCommands`. */
  readonly cleanup?: boolean;
}

export interface CommandResult {
  /** -1 where the command could not be started or was killed. */
  readonly code: number;
  readonly stdout: string;
  /** Standard output and standard error, in order of arrival. */
  readonly output: string;
  readonly timedOut: boolean;
}

function openLog(path: string | undefined): WriteStream | undefined {
  if (path === undefined) return undefined;
  mkdirSync(dirname(path), { recursive: true });
  return createWriteStream(path);
}

const running = new Set<ChildProcess>();
let ending = false;

/** Terminates the running commands and lets none start except clean-up; for an interrupted run. */
export function terminateCommands(): void {
  ending = true;
  for (const child of running) child.kill('SIGTERM');
}

/**
 * Runs a program to its end. A missing program gives code -1; rejects only after
 * `terminateCommands`.
 */
export async function attempt(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  if (ending && options.cleanup !== true) throw new UserFacingError('Interrupted.');
  const log = openLog(options.log);
  const child = spawn(program, args, {
    cwd: options.cwd ?? ROOT,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let stdout = '';
  let output = '';
  let timedOut = false;
  const timers: NodeJS.Timeout[] = [];
  const limit = (ms: number | undefined, applies: () => boolean): void => {
    if (ms === undefined) return;
    const end = (): void => {
      if (!applies()) return;
      timedOut = true;
      child.kill('SIGKILL');
    };
    timers.push(setTimeout(end, ms));
  };
  limit(options.limitMs, () => true);
  limit(options.firstOutputMs, () => output === '');
  child.stdout.on('data', (part: Buffer) => {
    stdout += part.toString();
    output += part.toString();
    log?.write(part);
  });
  child.stderr.on('data', (part: Buffer) => {
    output += part.toString();
    log?.write(part);
  });
  return new Promise((resolve) => {
    const finish = (code: number, more: string): void => {
      timers.forEach((timer) => clearTimeout(timer));
      running.delete(child);
      const result = { code, stdout, output: output + more, timedOut };
      if (log === undefined) resolve(result);
      else log.end(() => resolve(result));
    };
    child.on('error', (error) => finish(-1, error.message));
    child.on('close', (code) => finish(timedOut ? -1 : (code ?? -1), ''));
  });
}

/**
 * Runs a program and returns its standard output. Throws a UserFacingError with the end of its
 * output where it fails.
 */
export async function run(program: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const result = await attempt(program, args, options);
  if (result.code === 0) return result.stdout.trim();
  const tail = result.output.trimEnd().split('\n').slice(-15).join('\n  ');
  const why = result.timedOut ? 'took too long' : `ended with code ${result.code}`;
  const where = options.log === undefined ? '' : `\nAll of it: ${options.log}`;
  throw new UserFacingError(`\`${[program, ...args].join(' ')}\` ${why}:\n  ${tail}${where}`);
}

/** Reads `npm start`: the variables that it sets, and Node's arguments. */
export function startScript(): {
  readonly environment: Readonly<Record<string, string>>;
  readonly program: readonly string[];
} {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: { start: string } };
  const words = scripts.start.split(' ');
  const node = words.indexOf('node');
  const environment = words.slice(0, node).map((word) => word.split('=') as [string, string]);
  return { environment: Object.fromEntries(environment), program: words.slice(node + 1) };
}

/** Node's options of `npm start`, for another program than its own. */
export function startOptions(): readonly string[] {
  return startScript().program.slice(0, -1);
}
