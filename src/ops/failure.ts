import { UnavailableError } from '../protocol/errors.ts';

/**
 * A class of errors whose messages this project writes and which never hold values of a request.
 */
export type OwnError = abstract new (...args: never[]) => Error;

/**
 * The safe part of an error: its kind and its place, without the text that could quote a request.
 */
export interface Failure {
  readonly name: string;
  /** The code of the driver, the broker or the system, e.g. 11000, 406 or ECONNREFUSED. */
  readonly code?: string | number;
  readonly syscall?: string;
  /**
   * Only of own errors: other messages can quote data (the value of a duplicate key, invalid JSON).
   */
  readonly message?: string;
  /** Stack frames, innermost first. */
  readonly frames?: readonly string[];
  readonly cause?: Failure;
}

const MAX_FRAMES = 16;
const MAX_DEPTH = 4;
const MAX_MESSAGE = 500;
const IDENTIFIER = /^[\w$.-]{1,64}$/;
/** A frame names a file of the program or of Node. Any other line may belong to a message. */
const FRAME = /^\s+at (?<frame>(?:[\w$.<>#[\] ]+ \()?(?:file:\/\/|node:|\/|[A-Za-z]:\\)[^()]*:\d+:\d+\)?)$/;

/**
 * Returns the safe part of whatever was thrown. Messages of `UnavailableError` and of `own` are
 * kept. Never throws.
 */
export function failureOf(error: unknown, own: readonly OwnError[] = []): Failure {
  try {
    return safePartOf(error, [UnavailableError, ...own], 1);
  } catch {
    // A getter of the error throws.
    return { name: 'unreadable' };
  }
}

/**
 * As `failureOf`, as one short text for a header or a log: `MongoServerError 121 at insert
 * (file:///…:10:5)`.
 */
export function failureText(error: unknown, own: readonly OwnError[] = []): string {
  const { name, code, message, frames, cause } = failureOf(error, own);
  const [place] = frames ?? [];
  const parts = [
    name,
    code,
    message === undefined ? undefined : `(${message})`,
    place === undefined ? undefined : `at ${place}`,
  ];
  const text = parts.filter((part) => part !== undefined).join(' ');
  return cause === undefined
    ? text
    : `${text} caused by ${[cause.name, cause.code].filter((part) => part !== undefined).join(' ')}`;
}

function safePartOf(error: unknown, own: readonly OwnError[], depth: number): Failure {
  if (!(error instanceof Error)) return { name: typeof error };
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  const frames = framesOf(error);
  return {
    name: identifier(error.name) ?? 'Error',
    ...optional('code', typeof code === 'number' ? code : identifier(code)),
    ...optional('syscall', identifier(syscall)),
    ...(own.some((type) => error instanceof type) && { message: error.message.slice(0, MAX_MESSAGE) }),
    ...(frames.length > 0 && { frames }),
    ...(error.cause !== undefined && depth < MAX_DEPTH && { cause: safePartOf(error.cause, own, depth + 1) }),
  };
}

function optional<Key extends string, Value>(key: Key, value: Value | undefined): Partial<Record<Key, Value>> {
  return value === undefined ? {} : ({ [key]: value } as Record<Key, Value>);
}

function identifier(value: unknown): string | undefined {
  return typeof value === 'string' && IDENTIFIER.test(value) ? value : undefined;
}

function framesOf(error: Error): string[] {
  const stack = typeof error.stack === 'string' ? error.stack : '';
  // The message precedes the frames, and may have lines that look like frames.
  const head = stack.indexOf(error.message);
  const lines = stack.slice(head === -1 ? 0 : head + error.message.length).split('\n');
  return lines.flatMap((line) => FRAME.exec(line)?.groups?.['frame'] ?? []).slice(0, MAX_FRAMES);
}
