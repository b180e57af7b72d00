import { MongoServerError, MongoWriteConcernError, type Document } from 'mongodb';

import type { TlsFiles } from '../files/tls-files.ts';
import { createClient, databaseOf, DEFAULT_LIMITS, serverLimitMs } from './connection/client.ts';
import { knownReason } from './connection/unavailable-reason.ts';

/** What the database says of itself. */
interface DatabaseState {
  /** Whether it takes writes; a secondary does not. */
  readonly writable: boolean;
  /** Writes of a worker that the user may not make, such as `insert into contacts`. */
  readonly missingRights: readonly string[];
  /** Whether the rights were tried: only in collections that exist. */
  readonly isPrepared: boolean;
  /** Its clock at the end of the inspection, in milliseconds since the epoch. */
  readonly clock: number;
  readonly contacts: number;
}

type Write = 'insert' | 'update' | 'remove';

/** What a worker writes, by collection; deploy/mongodb/worker-role.json grants it. */
export const WRITES: Readonly<Record<string, readonly Write[]>> = {
  contacts: ['insert', 'update'],
  counters: ['insert', 'update'],
  effects: ['insert'],
  // Exists only where a worker had MONGODB_SHARDED=true.
  create_claims: ['insert', 'update'],
  attempts: ['insert', 'update', 'remove'],
};

/**
 * Each needs its right, is confirmed as a worker's write is, and changes nothing. No document has
 * an array as `_id`: MongoDB allows none, and refuses the insert after it has checked the right.
 */
const NO_ID = ['contacts doctor'];
const COMMANDS: Readonly<Record<Write, (collection: string) => Document>> = {
  insert: (insert) => ({ insert, documents: [{ _id: NO_ID }] }),
  update: (update) => ({ update, updates: [{ q: { _id: NO_ID }, u: { $set: { checked: true } } }] }),
  remove: (name) => ({ delete: name, deletes: [{ q: { _id: NO_ID }, limit: 1 }] }),
};
const WORDS: Readonly<Record<Write, string>> = { insert: 'insert into', update: 'update', remove: 'remove from' };
/** MongoDB's code for a missing right. */
const UNAUTHORIZED = 13;

/**
 * Asks the server of a valid URL what it is and what its user may do, changes nothing, and closes
 * the connection. Rejects with the reason where it does not answer, or confirms no writes.
 */
export async function inspectDatabase(url: string, timeoutMs: number, tls?: TlsFiles): Promise<DatabaseState> {
  const limits = { ...DEFAULT_LIMITS, connectMs: timeoutMs, answerMs: timeoutMs, poolSize: 1 };
  const client = createClient(url, limits, tls);
  const db = databaseOf(client, limits);
  try {
    const hello = await db.command({ hello: 1 });
    const answeredAt = performance.now();
    const contacts = await db.collection('contacts').estimatedDocumentCount();
    const { localTime, isWritablePrimary } = hello;
    const writable = isWritablePrimary === true;
    const existing = await collectionsOf(db);
    const missing = writable ? await missingRights(db, existing, serverLimitMs(limits)) : [];
    return {
      writable,
      missingRights: missing,
      isPrepared: existing.length > 0,
      clock: localTime instanceof Date ? localTime.getTime() + performance.now() - answeredAt : Date.now(),
      contacts,
    };
  } catch (error) {
    throw new Error(knownReason(error) ?? (error instanceof Error ? error.message : String(error)), { cause: error });
  } finally {
    await client.close();
  }
}

type Database = ReturnType<typeof databaseOf>;

/** Those of a worker that exist: to write to another one could create it. */
async function collectionsOf(db: Database): Promise<string[]> {
  // So it needs no right.
  const found = await db.listCollections({}, { nameOnly: true, authorizedCollections: true }).toArray();
  const names = found.map(({ name }) => name);
  return Object.keys(WRITES).filter((name) => names.includes(name));
}

async function missingRights(db: Database, collections: readonly string[], wtimeoutMs: number): Promise<string[]> {
  const writeConcern = { w: 'majority', j: true, wtimeout: wtimeoutMs };
  const missing: string[] = [];
  for (const collection of collections) {
    for (const write of WRITES[collection] ?? []) {
      const command = { ...COMMANDS[write](collection), writeConcern };
      if (!(await isAllowed(db, command))) missing.push(`${WORDS[write]} ${collection}`);
    }
  }
  return missing;
}

async function isAllowed(db: Database, command: Document): Promise<boolean> {
  try {
    await db.command(command);
    return true;
  } catch (error) {
    if (error instanceof MongoWriteConcernError) {
      throw new Error(`no majority of the replica set confirms writes: ${error.message}`, { cause: error });
    }
    if (error instanceof MongoServerError && error.code === UNAUTHORIZED) return false;
    throw error;
  }
}
