import type { Buffer } from 'node:buffer';

import { Long, MongoNetworkError, MongoServerError, type Document } from 'mongodb';

import { isUnavailable } from './connection/errors.ts';
import type { Collections } from './documents.ts';

type Contacts = Collections['contacts'];

interface Answer {
  readonly cursor: { readonly id: number | Long; readonly firstBatch: readonly Buffer[] };
}

/**
 * Runs a read whose command makes the server's first batch hold everything, and returns the
 * documents as BSON. `undefined` where they exceed the 16 MB of one answer: contacts never fill it,
 * documents of another program can. Reads at the majority on the primary.
 *
 * The driver's cursor creates some twenty objects for each document before it returns it, even with
 * `raw`. That took a quarter of the worker's time for a page, and 40 µs of a lone get.
 */
export async function readAtOnce(contacts: Contacts, command: Document): Promise<readonly Buffer[] | undefined> {
  const { cursor } = await repeatedOnce(() => run(contacts, command));
  if (Number(cursor.id) === 0) return cursor.firstBatch;
  // The driver returns a small id as a number, and would send that as another type.
  const id = typeof cursor.id === 'number' ? Long.fromNumber(cursor.id) : cursor.id;
  // The server ends an idle cursor by itself.
  await contacts.db.command({ killCursors: contacts.collectionName, cursors: [id] }).catch(() => undefined);
  return undefined;
}

function run({ db }: Contacts, command: Document): Promise<Answer> {
  const options = { readPreference: 'primary', fieldsAsRaw: { firstBatch: true } } as const;
  return db.command({ ...command, readConcern: { level: 'majority' } }, options) as unknown as Promise<Answer>;
}

/** As the driver repeats a read after a lost connection or a failover; it repeats no command. */
async function repeatedOnce<Value>(read: () => Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    if (!isLost(error)) throw error;
    return read();
  }
}

function isLost(error: unknown): boolean {
  return (error instanceof MongoNetworkError || error instanceof MongoServerError) && isUnavailable(error);
}
