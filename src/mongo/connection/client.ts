import { createSecureContext, type SecureContext } from 'node:tls';

import { MongoClient, ReadConcern, ReadPreference, WriteConcern, type Db } from 'mongodb';

import { readTlsFiles, type TlsFiles } from '../../files/tls-files.ts';

/** Time limits of the client, in milliseconds, and the size of its connection pool. */
export interface ClientLimits {
  /** To find a writable server, and to open a connection. */
  readonly connectMs: number;
  /**
   * For one response. The driver retries once, so a silent server times out after twice this time.
   */
  readonly answerMs: number;
  /** To get a free connection from the pool. */
  readonly poolWaitMs: number;
  readonly poolSize: number;
}

/**
 * In sum below the drain time: 5 s to find a server, then twice 8 s if it is silent. The pool
 * serves two batches of each method, lists of at most eight commands, and the ping.
 */
export const DEFAULT_LIMITS: ClientLimits = { connectMs: 5_000, answerMs: 8_000, poolWaitMs: 8_000, poolSize: 32 };

/**
 * The time limit that the server gets: it ends before the client's, so no abandoned command keeps
 * running.
 */
export function serverLimitMs({ answerMs }: ClientLimits): number {
  return Math.floor(answerMs * 0.75);
}

/**
 * A client for the URL's server, not connected yet. These options override the URL, because the
 * driver has no time limits by default. `tls`: needs a URL with TLS.
 */
export function createClient(url: string, limits: ClientLimits, tls?: TlsFiles): MongoClient {
  return new MongoClient(url, {
    appName: 'contacts-worker',
    serverSelectionTimeoutMS: limits.connectMs,
    connectTimeoutMS: limits.connectMs,
    socketTimeoutMS: limits.answerMs,
    waitQueueTimeoutMS: limits.poolWaitMs,
    maxPoolSize: limits.poolSize,
    // An instance also overrides maxStalenessSeconds and tags in the URL; a string would conflict
    // with them.
    readPreference: ReadPreference.primary,
    ...(tls !== undefined && { secureContext: new NewestContext(tls), rejectUnauthorized: true }),
  });
}

/**
 * Reads the files at each connection: the driver itself reads its TLS files once, so that a worker
 * would need a restart for a new certificate. Node asks for `context` as each connection begins.
 */
class NewestContext implements SecureContext {
  readonly #files: TlsFiles;

  constructor(files: TlsFiles) {
    this.#files = files;
  }

  get context(): unknown {
    return createSecureContext(readTlsFiles(this.#files)).context as unknown;
  }
}

/**
 * The database that the URL names, with the settings that the guarantees need: majority writes and
 * reads on the primary (otherwise a failover could undo an answered write), and the value types
 * that the code expects. They are set here because a URL's `journal`, `readConcernLevel`,
 * `wtimeoutMS`, `promoteLongs` and similar options override a client's.
 */
export function databaseOf(client: MongoClient, limits: ClientLimits): Db {
  return client.db(undefined, {
    // After its limit the outcome of a write is unknown: it is repeated with its key.
    writeConcern: new WriteConcern('majority', serverLimitMs(limits), true),
    readConcern: new ReadConcern('majority'),
    readPreference: ReadPreference.primary,
    ignoreUndefined: true,
    raw: false,
    promoteValues: true,
    promoteLongs: true,
    promoteBuffers: false,
    useBigInt64: false,
    bsonRegExp: false,
    enableUtf8Validation: true,
    serializeFunctions: false,
    forceServerObjectId: false,
  });
}
