import type { Problem } from '../client/index.ts';
import { EXIT_CODES, type ExitCode } from './exit-codes.ts';
import { escapeControlsInLines } from '../dead-letters/terminal-text.ts';
import { CommandError } from './errors.ts';

/** What became of a call that failed. */
export interface Failure {
  readonly exitCode: ExitCode;
  /**
   * The request is refused as it is: it had no effect, and will have none. Otherwise a retry may
   * succeed.
   */
  readonly refused: boolean;
  readonly problems: readonly Problem[];
}

/** The client library's errors, by name: the commands run without loading the library. */
const BY_NAME: ReadonlyMap<string, ExitCode> = new Map<string, ExitCode>([
  ['RequestFailedError', EXIT_CODES.failed],
  ['NotFoundError', EXIT_CODES.notFound],
  ['ExpiredError', EXIT_CODES.noAnswer],
  ['UnroutableError', EXIT_CODES.noAnswer],
  ['TimeoutError', EXIT_CODES.noAnswer],
  ['ClosedError', EXIT_CODES.unreachable],
  ['ConnectionError', EXIT_CODES.unreachable],
  ['AbortError', EXIT_CODES.interrupted],
]);
/** Of a call whose arguments the library refuses itself. */
const INVALID_ARGUMENT = 'INVALID_ARGUMENT';

/**
 * Reads an error of the client library, or of a command. Throws any other error again: it is a
 * defect.
 */
export function failureOf(error: unknown): Failure {
  if (error instanceof CommandError) return failure(error.exitCode, false, [problemOf(error)]);
  if (!(error instanceof Error)) throw error;
  const code: unknown = Reflect.get(error, 'code');
  if (code === INVALID_ARGUMENT) return failure(EXIT_CODES.usage, true, [problemOf(error)]);
  const exitCode = BY_NAME.get(error.name) ?? (typeof code === 'string' ? EXIT_CODES.failed : undefined);
  if (exitCode === undefined) throw error;
  const problems: unknown = Reflect.get(error, 'problems');
  if (!Array.isArray(problems)) return failure(exitCode, false, [problemOf(error)]);
  return failure(exitCode, exitCode !== EXIT_CODES.noAnswer, problems as readonly Problem[]);
}

function failure(exitCode: ExitCode, refused: boolean, problems: readonly Problem[]): Failure {
  return { exitCode, refused, problems };
}

function problemOf(error: Error): Problem {
  const code: unknown = Reflect.get(error, 'code');
  return { code: typeof code === 'string' ? code : '', message: error.message };
}

/** `INVALID_PARAMS email: email is missing`, safe to write to a terminal. */
export function problemLine({ code, field, message }: Problem): string {
  const place = field === undefined ? code : `${code} ${field}`;
  return escapeControlsInLines(place === '' ? message : `${place}: ${message}`);
}
