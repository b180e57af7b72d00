import { MongoClient, ReadConcern, ReadPreference, WriteConcern, type Db } from 'mongodb';

/** Time limits of the database, in milliseconds, and the number of its connections. */
export interface ClientLimits {
  /** To find a server that takes writes, and to open a connection. */
  readonly connectMs: number;
  /** For one answer of the server. The driver tries once more, so a silent server is given up after twice this time. */
  readonly answerMs: number;
  /** To get a free connection of the pool. */
  readonly poolWaitMs: number;
  readonly poolSize: number;
}

/**
 * Together below the time that a stop leaves for what was taken: 5 s to find a server, then twice 8 s for a silent one.
 * The pool holds two batches of each method, lists of eight commands at most, and the ping.
 */
export const DEFAULT_LIMITS: ClientLimits = { connectMs: 5_000, answerMs: 8_000, poolWaitMs: 8_000, poolSize: 32 };

/** What the server itself is to give up before its answer is given up here, so that nothing goes on that nobody waits for. */
export function serverLimitMs({ answerMs }: ClientLimits): number {
  return Math.floor(answerMs * 0.75);
}

/** A client for the server of the URL, not connected yet. What is set here wins over the URL: the driver's own time limits are none. */
export function createClient(url: string, limits: ClientLimits): MongoClient {
  return new MongoClient(url, {
    appName: 'contacts-worker',
    serverSelectionTimeoutMS: limits.connectMs,
    connectTimeoutMS: limits.connectMs,
    socketTimeoutMS: limits.answerMs,
    waitQueueTimeoutMS: limits.poolWaitMs,
    maxPoolSize: limits.poolSize,
    // As an instance it wins over maxStalenessSeconds and tags in the URL, too; as a text it would collide with them.
    readPreference: ReadPreference.primary,
  });
}

/**
 * The database that the URL names, with what the promises rest on: writes and reads of a majority, on the primary, or an answer could
 * be undone by a failover; and values as the code expects them. It is set here, as the driver lets a URL's `journal`,
 * `readConcernLevel`, `wtimeoutMS`, `promoteLongs` and their like win over the same options of a client.
 */
export function databaseOf(client: MongoClient, limits: ClientLimits): Db {
  return client.db(undefined, {
    // Past its limit nobody knows what becomes of a write: it is run again by its key.
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
