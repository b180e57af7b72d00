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
import { knownReason } from './unavailable-reason.ts';
import { UNAVAILABLE_CODES, sqlState } from './unavailable-codes.ts';

/** Driver errors that leave the outcome unknown, or mean that no server is available. */
const UNAVAILABLE_ERRORS = [
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
  // A failover may undo the write; no request is answered before a majority has its write.
  MongoWriteConcernError,
] as const;

/** Names of classes that the driver does not export. */
const UNAVAILABLE_ERROR_NAMES: ReadonlySet<string> = new Set(['MongoWaitQueueTimeoutError', 'MongoPoolClosedError']);

const UNAVAILABLE_LABELS = [
  MongoErrorLabel.RetryableWriteError,
  MongoErrorLabel.TransientTransactionError,
  MongoErrorLabel.HandshakeError,
  MongoErrorLabel.SystemOverloadedError,
  'RetryableReadError',
];

const INTERNAL_ERROR = 1;

/**
 * FerretDB, before the DocumentDB engine, reports an unavailable PostgreSQL as an internal error
 * with this text.
 */
const ENGINE_UNAVAILABLE =
  /unexpected EOF|database system is|connection refused|failed to connect|terminating connection|conn(ection)? (is )?closed|closed pool|broken pipe|reset by peer/i;

/** ECONNRESET and similar, and writes to a closed stream. */
const SYSTEM_CODE = /^(E[A-Z]+|EAI_[A-Z]+|ERR_STREAM_[A-Z_]+|ERR_SOCKET_[A-Z_]+)$/;

const DUPLICATE_KEY = 11000;
const UNAUTHORIZED = 13;
const MAX_TIME_MS_EXPIRED = 50;

/**
 * An item that lost against another writer: WriteConflict, serialization_failure,
 * deadlock_detected.
 */
const CONFLICT_CODES: ReadonlySet<number> = new Set([112, sqlState('40001'), sqlState('40P01')]);

/**
 * Runs a call to the database; `what` names it. Turns the driver's errors into `UnavailableError`
 * or `StoreDefectError`; other errors pass unchanged.
 */
export async function translateErrors<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (isUnavailable(error)) throw new UnavailableError(`${what}: ${reasonOf(error)}`, { cause: error });
    throw error instanceof MongoError ? defect(what, error) : error;
  }
}

/** Names the error and its code, never the server's message, which can quote data. */
function defect(what: string, error: MongoError): StoreDefectError {
  const code = typeof error.code === 'number' ? error.code : undefined;
  return new StoreDefectError(`${what}: ${error.name}${code === undefined ? '' : ` ${code}`}`, code);
}

/**
 * Conditions that an operator can fix. The call is retried all the same: a fix may be under way.
 */
const REASONS: ReadonlyMap<unknown, string> = new Map([
  [13, 'the database user lacks the right to do it (13 Unauthorized)'],
  [18, 'the database rejects the user name or the password (18 AuthenticationFailed)'],
  [214, 'the database rejects logins of this user from this address (214 AuthenticationRestrictionUnmet)'],
  [371, 'the database blocks all writes at the moment (371 UserWritesBlocked)'],
  [14031, 'the disk of the database is full (14031 OutOfDiskSpace)'],
]);

function reasonOf(error: unknown): string {
  const code = error instanceof MongoError ? error.code : undefined;
  return (
    REASONS.get(code) ?? knownReason(error) ?? 'the database is unavailable, or the outcome of the call is unknown'
  );
}

/** Whether the server aborted a read because it exceeded its `maxTimeMS`. */
export function isTimeLimitExceeded(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === MAX_TIME_MS_EXPIRED;
}

/** Whether the user lacks the right to run this command. */
export function isUnauthorized(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === UNAUTHORIZED;
}

/**
 * Returns the indexes of a batch's items that violate a unique index. Rethrows an error about
 * anything else, as it leaves the outcome of some item unknown.
 */
export function duplicatesIn(error: unknown): readonly number[] {
  return itemErrorsIn(error, (code) => code === DUPLICATE_KEY).map(({ index }) => index);
}

/**
 * Returns the indexes of a batch's items that were not written, each with its defect. A value of
 * `undefined` means a conflict: a duplicate key, or another writer won; the caller finds out which.
 * Rethrows an error that leaves the outcome of some item unknown. `what` names the call.
 */
export function rejectedItemsIn(what: string, error: unknown): ReadonlyMap<number, StoreDefectError | undefined> {
  const rejected = itemErrorsIn(error, (code, message) => isConflict(code) || !isUnavailableReply(code, message));
  return new Map(
    rejected.map(({ index, code }) => [
      index,
      isConflict(code) ? undefined : new StoreDefectError(`${what}: MongoWriteError ${code}`, code),
    ]),
  );
}

/** The indexes of a batch's items that violate a unique index, whatever happened to the others. */
export function duplicateItemsIn(error: unknown): ReadonlySet<number> {
  if (!(error instanceof MongoBulkWriteError)) return new Set();
  return new Set([error.writeErrors].flat().flatMap(({ index, code }) => (code === DUPLICATE_KEY ? [index] : [])));
}

function isConflict(code: number): boolean {
  return code === DUPLICATE_KEY || CONFLICT_CODES.has(code);
}

function itemErrorsIn(error: unknown, fits: (code: number, message: string) => boolean): readonly WriteError[] {
  if (!(error instanceof MongoBulkWriteError) || error.result.getWriteConcernError() !== undefined) throw error;
  const rejected = [error.writeErrors].flat();
  if (rejected.length === 0 || !rejected.every(({ code, errmsg }) => fits(code, errmsg ?? ''))) throw error;
  return rejected;
}

/** Whether a single write violated a unique index. */
export function isDuplicateKey(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === DUPLICATE_KEY;
}

/** Whether the same call may succeed later with an unchanged request. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof TimeoutError) return true;
  if (error instanceof MongoBulkWriteError) return isBulkUnavailable(error);
  if (!(error instanceof MongoError)) return isSystemError(error);
  if (UNAVAILABLE_ERRORS.some((type) => error instanceof type) || UNAVAILABLE_ERROR_NAMES.has(error.name)) return true;
  return (
    UNAVAILABLE_LABELS.some((label) => error.hasErrorLabel(label)) || isUnavailableReply(error.code, error.message)
  );
}

function isBulkUnavailable(error: MongoBulkWriteError): boolean {
  const rejected = [error.writeErrors].flat();
  if (rejected.some(({ code, errmsg }) => isUnavailableReply(code, errmsg ?? ''))) return true;
  if (error.result.getWriteConcernError() !== undefined) return true;
  // The driver wraps an error of the whole call (a lost connection, for instance) like those of its
  // items.
  return rejected.length === 0 && (isUnavailable(error.errorResponse) || isUnavailableReply(error.code, error.message));
}

/** The driver passes some socket errors on unchanged. */
function isSystemError(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && SYSTEM_CODE.test(code);
}

function isUnavailableReply(code: unknown, message: string): boolean {
  return (
    typeof code === 'number' &&
    (UNAVAILABLE_CODES.has(code) || (code === INTERNAL_ERROR && ENGINE_UNAVAILABLE.test(message)))
  );
}
