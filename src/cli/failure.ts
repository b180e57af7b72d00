import { EXIT_CODES, type ExitCode } from './exit-codes.ts';
import { escapeControlsInLines } from '../dead-letters/terminal-text.ts';
import { CommandError } from './errors.ts';

/** One problem of a failure answer. */
export interface Problem {
  readonly code: string;
  readonly field?: string | undefined;
  readonly message: string;
}

/** What became of a call that failed. */
export interface Failure {
  readonly exitCode: ExitCode;
  readonly problems: readonly Problem[];
}

/** The client library's errors, by name: the commands run without loading the library. */
const BY_NAME: ReadonlyMap<string, ExitCode> = new Map<string, ExitCode>([
  ['NotFoundError', EXIT_CODES.notFound],
  ['UnroutableError', EXIT_CODES.noAnswer],
  ['TimeoutError', EXIT_CODES.noAnswer],
  ['ClosedError', EXIT_CODES.unreachable],
  ['ConnectionError', EXIT_CODES.unreachable],
  ['AbortError', EXIT_CODES.interrupted],
]);

/** Reads an error of the client library, or of a command. Throws any other error again: it is a defect. */
export function failureOf(error: unknown): Failure {
  if (error instanceof CommandError) return { exitCode: error.exitCode, problems: [problemOf(error)] };
  if (!(error instanceof Error)) throw error;
  const code: unknown = Reflect.get(error, 'code');
  const known = code === 'NOT_FOUND' ? EXIT_CODES.notFound : BY_NAME.get(error.name);
  if (known === undefined && typeof code !== 'string') throw error;
  const problems: unknown = Reflect.get(error, 'problems');
  return {
    exitCode: known ?? EXIT_CODES.failed,
    problems: Array.isArray(problems) && problems.length > 0 ? (problems as readonly Problem[]) : [problemOf(error)],
  };
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
