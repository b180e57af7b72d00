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
} from 'mongodb';

import { Unavailable } from '../protocol/unavailable.ts';
import { TimeLimitExceeded } from '../time/limit.ts';

/** An error of the database that running again does not mend. Its message names error and code, never what the server said, as that can quote data. */
export class StoreDefect extends Error {
  override readonly name = 'StoreDefect';
  /** The server's error code, where there is one. */
  readonly code: number | undefined;

  constructor(what: string, error: MongoError) {
    const code = typeof error.code === 'number' ? error.code : undefined;
    super(`${what}: ${error.name}${code === undefined ? '' : ` ${code}`}`);
    this.code = code;
  }
}

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

/** Server codes for "not now" or "not here any more", from MongoDB's list of error codes. */
const AWAY_CODES: ReadonlySet<number> = new Set([
  6, // HostUnreachable
  7, // HostNotFound
  13, // Unauthorized: rights that are being changed are no reason to fail requests
  18, // AuthenticationFailed: likewise a password
  24, // LockTimeout
  46, // LockBusy
  63, // StaleShardVersion
  64, // WriteConcernTimeout
  79, // UnknownReplWriteConcern
  89, // NetworkTimeout
  91, // ShutdownInProgress
  100, // UnsatisfiableWriteConcern: too few members now
  112, // WriteConflict
  133, // FailedToSatisfyReadPreference
  134, // ReadConcernMajorityNotAvailableYet
  150, // StaleEpoch
  189, // PrimarySteppedDown
  262, // ExceededTimeLimit
  317, // ConnectionPoolExpired
  365, // TemporarilyUnavailable
  384, // ConnectionError
  391, // ReauthenticationRequired
  462, // IngressRequestRateLimitExceeded
  9001, // SocketException
  10058, // LegacyNotPrimary
  10107, // NotWritablePrimary
  11600, // InterruptedAtShutdown
  11601, // Interrupted
  11602, // InterruptedDueToReplStateChange
  13388, // StaleConfig
  13435, // NotPrimaryNoSecondaryOk
  13436, // NotPrimaryOrSecondary
  14031, // OutOfDiskSpace
  // What the DocumentDB engine passes on from PostgreSQL as it is.
  sqlState('40001'), // serialization_failure
  sqlState('40P01'), // deadlock_detected
  sqlState('53100'), // disk_full
  sqlState('53200'), // out_of_memory
  sqlState('53300'), // too_many_connections
  sqlState('55P03'), // lock_not_available
  sqlState('57P01'), // admin_shutdown
  sqlState('57P02'), // crash_shutdown
  sqlState('57P03'), // cannot_connect_now
]);

const INTERNAL_ERROR = 1;

/** How FerretDB, before the DocumentDB engine, says that its PostgreSQL is away: by an internal error with that text. */
const ENGINE_AWAY =
  /unexpected EOF|database system is|connection refused|failed to connect|terminating connection|conn(ection)? (is )?closed|closed pool|broken pipe|reset by peer/i;

/** ECONNRESET and its like, and writing to a stream that is gone. */
const SYSTEM_CODE = /^(E[A-Z]+|EAI_[A-Z]+|ERR_STREAM_[A-Z_]+|ERR_SOCKET_[A-Z_]+)$/;

const DUPLICATE_KEY = 11000;

/** An item that lost: WriteConflict, serialization_failure, deadlock_detected. */
const LOST_CODES: ReadonlySet<number> = new Set([112, sqlState('40001'), sqlState('40P01')]);

/** PostgreSQL's number of a SQLSTATE: six bits a character, the first lowest (its MAKE_SQLSTATE). */
function sqlState(state: string): number {
  return [...state].reduceRight((number, character) => (number << 6) + character.charCodeAt(0) - 48, 0);
}

/** Runs a call to the database. What it rejects with is `Unavailable` or `StoreDefect`, or an error that is not the driver's. `what` names the call. */
export async function told<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (isAway(error)) {
      throw new Unavailable(`${what}: the database is away, or what became of the call is unknown`, { cause: error });
    }
    throw error instanceof MongoError ? new StoreDefect(what, error) : error;
  }
}

/**
 * The positions of a batch's items that a unique index refused. Throws the error itself where it is about anything else:
 * then the fate of some item is not known by it.
 */
export function duplicatesIn(error: unknown): readonly number[] {
  return itemsIn(error, (code) => code === DUPLICATE_KEY);
}

/** The same, with those that lost against another writer: they were not written either, and why is for the caller to find out. */
export function notWrittenIn(error: unknown): readonly number[] {
  return itemsIn(error, (code) => code === DUPLICATE_KEY || LOST_CODES.has(code));
}

function itemsIn(error: unknown, fits: (code: number) => boolean): readonly number[] {
  if (!(error instanceof MongoBulkWriteError) || error.result.getWriteConcernError() !== undefined) throw error;
  const refused = [error.writeErrors].flat();
  if (refused.length === 0 || !refused.every(({ code }) => fits(code))) throw error;
  return refused.map(({ index }) => index);
}

/** Whether a single write was refused by a unique index. */
export function isDuplicateKey(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === DUPLICATE_KEY;
}

/** Whether the same call may succeed later without anybody changing the request. */
export function isAway(error: unknown): boolean {
  if (error instanceof TimeLimitExceeded) return true;
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
