import { UnavailableError } from '../protocol/errors.ts';

/** A class of errors whose messages are written in this project and are known to hold no values of a request. */
export type OwnError = abstract new (...args: never[]) => Error;

/** What may be told of an error: what it is and where it came from, not what it says. */
export interface Failure {
  readonly name: string;
  /** The driver's, broker's or system's code, e.g. 11000, 406 or ECONNREFUSED. */
  readonly code?: string | number;
  readonly syscall?: string;
  /** Only of own errors: other messages can quote data (a duplicate key's value, the JSON that does not parse). */
  readonly message?: string;
  /** Functions and places, innermost first. */
  readonly frames?: readonly string[];
  readonly cause?: Failure;
}

const MAX_FRAMES = 16;
const MAX_CAUSE = 4;
const MAX_MESSAGE = 500;
const IDENTIFIER = /^[\w$.-]{1,64}$/;
/** A frame names a file of the program or of Node; anything else may be a line of a message. */
const FRAME = /^\s+at (?<frame>(?:[\w$.<>#[\] ]+ \()?(?:file:\/\/|node:|\/|[A-Za-z]:\\)[^()]*:\d+:\d+\)?)$/;

/** Reads an error, or whatever else was thrown, without its values. `own` adds to `UnavailableError`. Never throws. */
export function failureOf(error: unknown, own: readonly OwnError[] = []): Failure {
  try {
    return read(error, [UnavailableError, ...own], 1);
  } catch {
    // Its properties are code that fails.
    return { name: 'unreadable' };
  }
}

/** The same as one short text, e.g. for a dead letter's header: `MongoServerError 121 at insert (file:///…:10:5)`. */
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

function read(error: unknown, own: readonly OwnError[], depth: number): Failure {
  if (!(error instanceof Error)) return { name: typeof error };
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  const frames = framesOf(error);
  return {
    name: identifier(error.name) ?? 'Error',
    ...defined('code', typeof code === 'number' ? code : identifier(code)),
    ...defined('syscall', identifier(syscall)),
    ...(own.some((type) => error instanceof type) && { message: error.message.slice(0, MAX_MESSAGE) }),
    ...(frames.length > 0 && { frames }),
    ...(error.cause !== undefined && depth < MAX_CAUSE && { cause: read(error.cause, own, depth + 1) }),
  };
}

function defined<Key extends string, Value>(key: Key, value: Value | undefined): Partial<Record<Key, Value>> {
  return value === undefined ? {} : ({ [key]: value } as Record<Key, Value>);
}

function identifier(value: unknown): string | undefined {
  return typeof value === 'string' && IDENTIFIER.test(value) ? value : undefined;
}

function framesOf(error: Error): string[] {
  const stack = typeof error.stack === 'string' ? error.stack : '';
  // The message stands in front of the frames and may have lines that look like some.
  const head = stack.indexOf(error.message);
  const lines = stack.slice(head === -1 ? 0 : head + error.message.length).split('\n');
  return lines.flatMap((line) => FRAME.exec(line)?.groups?.['frame'] ?? []).slice(0, MAX_FRAMES);
}
