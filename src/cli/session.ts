import { EXIT_CODES, type ExitCode } from './exit-codes.ts';
import { escapeControls } from '../dead-letters/terminal-text.ts';
import type { CallOptions } from '../client/index.ts';
import type { Contacts } from './contacts.ts';
import { CommandError } from './errors.ts';
import { failureOf, problemLine } from './failure.ts';
import { NO_DEADLINE, type CommonOptions, type OutputFormat } from './options.ts';
import type { CliEnvironment } from './environment.ts';

const DEFAULT_TIMEOUT_S = 30;
const DEFAULT_APP_ID = 'contacts-cli';

/** What a command that sends requests works with. */
export interface Session {
  readonly around: CliEnvironment;
  readonly contacts: Contacts;
  /** For each call. */
  readonly call: CallOptions;
  readonly output: OutputFormat;
}

/**
 * Connects, uses the connection and closes it. Rejects with `CommandError` where the broker cannot
 * be reached.
 */
export async function withContacts(
  around: CliEnvironment,
  options: CommonOptions & { readonly inFlight?: number },
  use: (session: Session) => Promise<ExitCode>,
): Promise<ExitCode> {
  const timeoutMs = timeoutMsOf(options);
  const contacts = await connected(around, options, timeoutMs);
  const { messageId, deadline } = options;
  try {
    return await use({
      around,
      contacts,
      call: { signal: around.stop, timeoutMs, messageId, deadline: deadline === NO_DEADLINE ? null : deadline },
      output: options.output ?? (around.stdout.isTTY ? 'table' : 'xml'),
    });
  } finally {
    await contacts.close();
  }
}

export function timeoutMsOf({ timeout = DEFAULT_TIMEOUT_S }: CommonOptions): number {
  return Math.ceil(timeout * 1_000);
}

async function connected(
  around: CliEnvironment,
  { url, queue, queues, appId = DEFAULT_APP_ID, inFlight }: CommonOptions & { readonly inFlight?: number },
  timeoutMs: number,
): Promise<Contacts> {
  const settings = await around.settings({ url, queue, queues });
  try {
    return await around.connect({ ...settings, appId, timeoutMs, maxInFlight: inFlight });
  } catch (error) {
    if (around.stop.aborted) throw new CommandError(EXIT_CODES.interrupted, 'Stopped.');
    throw new CommandError(EXIT_CODES.unreachable, `The broker cannot be reached: ${reasonOf(error)}`);
  }
}

/** The message of an error. Node's joined errors have none: their code stands in. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return escapeControls(String(error));
  const code: unknown = Reflect.get(error, 'code');
  return escapeControls(error.message === '' ? String(code) : error.message);
}

/** Writes the problems to standard error and returns the exit code. Rethrows a defect. */
export function reported(around: CliEnvironment, error: unknown, about = ''): ExitCode {
  const { exitCode, problems } = failureOf(error);
  for (const problem of problems) around.stderr.write(`contacts: ${escapeControls(about)}${problemLine(problem)}\n`);
  return exitCode;
}
