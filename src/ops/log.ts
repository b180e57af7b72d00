import { pino, type DestinationStream, type Logger } from 'pino';

import type { RequestReport } from '../protocol/request-report.ts';
import { failureOf, type OwnError } from './failure.ts';
import { countOfLines, GatheredLines } from './gathered-lines.ts';

/**
 * The fields that a line may hold beside its message. All others are dropped, so that no personal
 * data is logged by accident.
 */
export interface LogFields {
  readonly acknowledged?: number;
  readonly argument?: string;
  readonly attempt?: number;
  readonly count?: number;
  readonly database?: string;
  readonly dead_lettered?: number;
  readonly delay_ms?: number;
  readonly delivered?: number;
  readonly exit_code?: number;
  readonly handed_back?: number;
  readonly in_flight?: number;
  readonly link?: string;
  readonly lost?: number;
  readonly method?: string;
  readonly ms?: number;
  readonly port?: number;
  readonly queue?: string;
  readonly reason?: string;
  readonly request_id?: string;
  readonly signal?: string;
  readonly version?: string;
}

/** Writes JSON lines. Messages are constants; variable parts go into the fields. */
export interface Log {
  /** The one line of a request. */
  request(report: RequestReport): void;
  debug(message: string, fields?: LogFields, error?: unknown): void;
  info(message: string, fields?: LogFields, error?: unknown): void;
  warn(message: string, fields?: LogFields, error?: unknown): void;
  error(message: string, fields?: LogFields, error?: unknown): void;
  /**
   * Resolves with true when all lines are written, or cannot be (full disk, closed pipe). Resolves
   * with false after `limitMs` milliseconds while a write is pending: the reader is stuck, and
   * `process.exit` would wait for it. Never rejects.
   */
  flush(limitMs?: number): Promise<boolean>;
  /** Lines dropped so far because the reader is stuck or the disk is full. */
  dropped(): number;
}

/** Destination and format of the lines. */
export interface LogSettings {
  readonly level: string;
  /** A file descriptor or a path; standard output by default. */
  readonly destination?: number | string;
  /** Added to every line, to distinguish workers. */
  readonly worker?: string;
  /** Errors whose messages may be logged; see failure.ts. */
  readonly ownErrors?: readonly OwnError[];
}

/** Complete by its type: a missing field does not compile. */
const FIELDS: Readonly<Record<keyof LogFields, true>> = {
  acknowledged: true,
  argument: true,
  attempt: true,
  count: true,
  database: true,
  dead_lettered: true,
  delay_ms: true,
  delivered: true,
  exit_code: true,
  handed_back: true,
  in_flight: true,
  link: true,
  lost: true,
  method: true,
  ms: true,
  port: true,
  queue: true,
  reason: true,
  request_id: true,
  signal: true,
  version: true,
};
const MAX_TEXT = 255;
const MAX_UNWRITTEN_BYTES = 8 * 1024 * 1024;

/**
 * Opens the log. Writes are asynchronous: call `flush` before `process.exit`, or the last lines are
 * lost. Warnings and errors are written at once, other lines within 50 ms: the end of a process by
 * SIGKILL loses those.
 */
export function createLog(settings: LogSettings): Log {
  const destination = pino.destination({
    dest: settings.destination ?? 1,
    sync: false,
    // With 0 its `flush` would not wait for what it writes.
    minLength: 1,
    maxLength: MAX_UNWRITTEN_BYTES,
  });
  // A log that cannot be written must not stop the worker.
  let dropped = 0;
  const drop = (lines: string): boolean => (dropped += countOfLines(lines)) > 0;
  destination.on('drop', drop);
  destination.on('error', (error: NodeJS.ErrnoException) => {
    dropped += 1;
    // The reader has closed the pipe; pino then drops lines silently.
    if (error.code === 'EPIPE') destination.write = drop;
  });
  // pino calls flushSync at exit, and it retries a full disk for ever. `flush` has written what can
  // be written.
  destination.flushSync = () => undefined;
  const own = settings.ownErrors ?? [];
  const lines = new GatheredLines(destination);
  const logger = createLogger(settings, lines);
  const writer =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: LogFields = {}, error?: unknown): void => {
      if (!logger.isLevelEnabled(level)) return;
      logger[level]({ ...allowed(fields), ...(error !== undefined && { error: failureOf(error, own) }) }, message);
      if (level === 'warn' || level === 'error') lines.writeOut();
    };
  return {
    request: (line) => {
      writeRequest(logger, line, own);
      if (line.error !== undefined) lines.writeOut();
    },
    debug: writer('debug'),
    info: writer('info'),
    warn: writer('warn'),
    error: writer('error'),
    flush: (limitMs = 2_000) => {
      lines.writeOut();
      return flush(destination, limitMs);
    },
    dropped: () => dropped,
  };
}

function createLogger(settings: LogSettings, destination: DestinationStream): Logger {
  const options = {
    level: settings.level,
    base: settings.worker === undefined ? null : { worker: settings.worker },
    timestamp: isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return pino(options, destination);
}

let timeMs = 0;
let timeText = '';

/** Returns pino's time field, formatted once per millisecond: the lines of a batch share it. */
function isoTime(): string {
  const now = Date.now();
  if (now !== timeMs) {
    timeMs = now;
    timeText = pino.stdTimeFunctions.isoTime();
  }
  return timeText;
}

function writeRequest(logger: Logger, line: RequestReport, own: readonly OwnError[]): void {
  const level = line.error === undefined ? 'info' : 'error';
  if (!logger.isLevelEnabled(level)) return;
  const fields = {
    method: truncated(line.method),
    status: truncated(line.status),
    code: truncated(line.code),
    ms: Math.round(line.ms * 1000) / 1000,
    request_id: truncated(line.referenceId),
    message_id: line.messageId,
    attempts: line.attempts,
    batch: line.batch,
    reply: truncated(line.reply),
    redelivered: line.redelivered,
    repeated: line.repeated,
    ...(line.trace !== undefined && { trace_id: line.trace.traceId }),
    ...(line.error !== undefined && { error: failureOf(line.error, own) }),
  };
  logger[level](fields, 'request');
}

/** Enforces LogFields at run time, for values that bypass the type. */
function allowed(fields: LogFields): Record<string, unknown> {
  const entries = Object.entries(fields).filter(([name]) => Object.hasOwn(FIELDS, name));
  return Object.fromEntries(entries.map(([name, value]: [string, unknown]) => [name, scalar(value)]));
}

function scalar(value: unknown): unknown {
  if (typeof value === 'string') return truncated(value);
  return typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
}

function truncated(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}

function flush(destination: { flush(written: () => void): void }, limitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const limit = setTimeout(() => resolve(false), limitMs);
    const done = (): void => {
      clearTimeout(limit);
      resolve(true);
    };
    try {
      destination.flush(done);
    } catch {
      // The destination is closed: nothing is pending.
      done();
    }
  });
}
