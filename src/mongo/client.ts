import { MongoClient } from 'mongodb';

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

/**
 * A client for the server of the URL, not connected yet. What is set here wins over the URL: the driver's own time limits
 * are none, and reads and writes must be those of a majority on the primary, or an answer could be undone by a failover.
 */
export function createClient(url: string, limits: ClientLimits): MongoClient {
  return new MongoClient(url, {
    appName: 'contacts-worker',
    serverSelectionTimeoutMS: limits.connectMs,
    connectTimeoutMS: limits.connectMs,
    socketTimeoutMS: limits.answerMs,
    waitQueueTimeoutMS: limits.poolWaitMs,
    maxPoolSize: limits.poolSize,
    writeConcern: { w: 'majority', journal: true },
    readConcern: { level: 'majority' },
    readPreference: 'primary',
    ignoreUndefined: true,
  });
}
