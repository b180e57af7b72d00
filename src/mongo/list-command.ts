import type { Buffer } from 'node:buffer';

import { Long, MongoNetworkError, MongoServerError, type AggregateOptions, type Document } from 'mongodb';

import { isUnavailable } from './connection/errors.ts';
import type { Collections } from './documents.ts';

type Contacts = Collections['contacts'];

/** The settings of one command. `maxDocuments`: as many as it can find. */
export interface ListCommand extends Pick<AggregateOptions, 'maxTimeMS' | 'hint'> {
  readonly pipeline: Document[];
  readonly maxDocuments: number;
}

interface Answer {
  readonly cursor: { readonly id: number | Long; readonly firstBatch: readonly Buffer[] };
}

/**
 * Returns the documents that a pipeline finds, as BSON. The driver's cursor creates some twenty
 * objects for each document before it returns it, even with `raw`; this took a quarter of the
 * worker's time for a page. So this is a command whose answer holds all documents.
 */
export async function findRaw(contacts: Contacts, command: ListCommand): Promise<readonly Buffer[]> {
  const { cursor } = await repeatedOnce(() => run(contacts, command));
  if (Number(cursor.id) === 0) return cursor.firstBatch;
  // An answer holds 16 MB, which contacts never fill; documents of another program can.
  // The driver returns a small id as a number, and would send that as another type.
  const id = typeof cursor.id === 'number' ? Long.fromNumber(cursor.id) : cursor.id;
  await contacts.db.command({ killCursors: contacts.collectionName, cursors: [id] });
  const { pipeline, maxDocuments, ...options } = command;
  return contacts.aggregate<Buffer>(pipeline, { ...options, batchSize: maxDocuments, raw: true }).toArray();
}

function run({ db, collectionName }: Contacts, command: ListCommand): Promise<Answer> {
  const { pipeline, maxDocuments, maxTimeMS, hint } = command;
  const aggregate = {
    aggregate: collectionName,
    pipeline,
    // One more than it can find: the answer then ends the cursor.
    cursor: { batchSize: maxDocuments + 1 },
    maxTimeMS,
    ...(hint !== undefined && { hint }),
    readConcern: { level: 'majority' },
  };
  const options = { readPreference: 'primary', fieldsAsRaw: { firstBatch: true } } as const;
  return db.command(aggregate, options) as unknown as Promise<Answer>;
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
