import {
  MongoBulkWriteError,
  MongoClientClosedError,
  MongoDecompressionError,
  MongoError,
  MongoErrorLabel,
  MongoExpiredSessionError,
  MongoNetworkError,
  MongoNotConnectedError,
  MongoOperationTimeoutError,
  MongoServerClosedError,
  MongoServerError,
  MongoStalePrimaryError,
  MongoSystemError,
  MongoTopologyClosedError,
  MongoUnexpectedServerResponseError,
  MongoWriteConcernError,
  type WriteError,
} from 'mongodb';

import { StoreDefectError, UnavailableError } from '../../protocol/errors.ts';
import { TimeoutError } from '../../time/limit.ts';
import { AWAY_CODES, sqlState } from './unavailable-codes.ts';

/** Errors of the driver after which nobody knows whether the server did it, or that say that there is no server to ask. */
const AWAY = [
  MongoNetworkError,
  MongoSystemError,
  MongoOperationTimeoutError,
  MongoNotConnectedError,
  MongoServerClosedError,
  MongoTopologyClosedError,
  MongoClientClosedError,
  MongoStalePrimaryError,
  MongoExpiredSessionError,
  MongoUnexpectedServerResponseError,
  MongoDecompressionError,
  // The write may be undone by a failover; nothing is answered before a majority has it.
  MongoWriteConcernError,
] as const;

/** Classes that the driver does not export. */
const AWAY_NAMES: ReadonlySet<string> = new Set(['MongoWaitQueueTimeoutError', 'MongoPoolClosedError']);

const AWAY_LABELS = [
  MongoErrorLabel.RetryableWriteError,
  MongoErrorLabel.TransientTransactionError,
  MongoErrorLabel.HandshakeError,
  MongoErrorLabel.SystemOverloadedError,
  'RetryableReadError',
];

const INTERNAL_ERROR = 1;

/** How FerretDB, before the DocumentDB engine, says that its PostgreSQL is away: by an internal error with that text. */
const ENGINE_AWAY =
  /unexpected EOF|database system is|connection refused|failed to connect|terminating connection|conn(ection)? (is )?closed|closed pool|broken pipe|reset by peer/i;

/** ECONNRESET and its like, and writing to a stream that is gone. */
const SYSTEM_CODE = /^(E[A-Z]+|EAI_[A-Z]+|ERR_STREAM_[A-Z_]+|ERR_SOCKET_[A-Z_]+)$/;

const DUPLICATE_KEY = 11000;
const UNAUTHORIZED = 13;
const MAX_TIME_MS_EXPIRED = 50;

/** An item that lost: WriteConflict, serialization_failure, deadlock_detected. */
const LOST_CODES: ReadonlySet<number> = new Set([112, sqlState('40001'), sqlState('40P01')]);

/** Runs a call to the database. What it rejects with is `UnavailableError` or `StoreDefectError`, or an error that is not the driver's. `what` names the call. */
export async function translateErrors<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (isAway(error)) throw new UnavailableError(`${what}: ${whyAway(error)}`, { cause: error });
    throw error instanceof MongoError ? defect(what, error) : error;
  }
}

/** Says which error it is, never what the server said, as that can quote data. */
function defect(what: string, error: MongoError): StoreDefectError {
  const code = typeof error.code === 'number' ? error.code : undefined;
  return new StoreDefectError(`${what}: ${error.name}${code === undefined ? '' : ` ${code}`}`, code);
}

/** What operators can do something about, in words; to wait is right all the same, as they may be doing it. */
const REASONS: ReadonlyMap<unknown, string> = new Map([
  [13, 'the database says that its user lacks the right to do it (13 Unauthorized)'],
  [18, 'the database does not accept the user or the password (18 AuthenticationFailed)'],
  [214, 'the database does not let the user in from this address (214 AuthenticationRestrictionUnmet)'],
  [371, 'the database blocks all writes for the time being (371 UserWritesBlocked)'],
  [14031, 'the disk of the database is full (14031 OutOfDiskSpace)'],
]);

function whyAway(error: unknown): string {
  const code = error instanceof MongoError ? error.code : undefined;
  return REASONS.get(code) ?? 'the database is away, or what became of the call is unknown';
}

/** Whether the server gave a read up because its `maxTimeMS` was over. */
export function isTooSlow(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === MAX_TIME_MS_EXPIRED;
}

/** Whether the user has not the right to run this command. */
export function isUnauthorized(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === UNAUTHORIZED;
}

/**
 * The positions of a batch's items that a unique index refused. Throws the error itself where it is about anything else:
 * then the fate of some item is not known by it.
 */
export function duplicatesIn(error: unknown): readonly number[] {
  return itemErrorsIn(error, (code) => code === DUPLICATE_KEY).map(({ index }) => index);
}

/**
 * The positions of a batch's items that were not written, and why each was refused; `undefined` where it met another document with
 * one of its keys, or lost against another writer: why is then for the caller to find out. Throws the error itself where the fate
 * of some item is not known by it. `what` names the call.
 */
export function refusalsIn(what: string, error: unknown): ReadonlyMap<number, StoreDefectError | undefined> {
  const refused = itemErrorsIn(error, (code, message) => isAnswerable(code) || !isAwayReply(code, message));
  return new Map(
    refused.map(({ index, code }) => [
      index,
      isAnswerable(code) ? undefined : new StoreDefectError(`${what}: MongoWriteError ${code}`, code),
    ]),
  );
}

function isAnswerable(code: number): boolean {
  return code === DUPLICATE_KEY || LOST_CODES.has(code);
}

function itemErrorsIn(error: unknown, fits: (code: number, message: string) => boolean): readonly WriteError[] {
  if (!(error instanceof MongoBulkWriteError) || error.result.getWriteConcernError() !== undefined) throw error;
  const refused = [error.writeErrors].flat();
  if (refused.length === 0 || !refused.every(({ code, errmsg }) => fits(code, errmsg ?? ''))) throw error;
  return refused;
}

/** Whether a single write was refused by a unique index. */
export function isDuplicateKey(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === DUPLICATE_KEY;
}

/** Whether the same call may succeed later without anybody changing the request. */
export function isAway(error: unknown): boolean {
  if (error instanceof TimeoutError) return true;
  if (error instanceof MongoBulkWriteError) return bulkIsAway(error);
  if (!(error instanceof MongoError)) return isSystemError(error);
  if (AWAY.some((type) => error instanceof type) || AWAY_NAMES.has(error.name)) return true;
  return AWAY_LABELS.some((label) => error.hasErrorLabel(label)) || isAwayReply(error.code, error.message);
}

function bulkIsAway(error: MongoBulkWriteError): boolean {
  const refused = [error.writeErrors].flat();
  if (refused.some(({ code, errmsg }) => isAwayReply(code, errmsg ?? ''))) return true;
  if (error.result.getWriteConcernError() !== undefined) return true;
  // An error of the whole call, a lost connection for instance, comes wrapped like those of its items.
  return refused.length === 0 && (isAway(error.errorResponse) || isAwayReply(error.code, error.message));
}

/** The driver lets some errors of sockets through as Node made them. */
function isSystemError(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && SYSTEM_CODE.test(code);
}

function isAwayReply(code: unknown, message: string): boolean {
  return typeof code === 'number' && (AWAY_CODES.has(code) || (code === INTERNAL_ERROR && ENGINE_AWAY.test(message)));
}
