import type { Collection, Db } from 'mongodb';

import type { AttemptLedger, RecordedFailure } from '../protocol/attempt-ledger.ts';
import type { Call } from './calls.ts';
import { isDuplicateKey } from './failures.ts';
import { ensureIndexesOf } from './indexes.ts';

/** Starts of one request that did not end, and how it failed for good. */
interface AttemptDocument {
  readonly _id: string;
  readonly unended?: number;
  /** Looked at by the TTL index. */
  readonly last_at: Date;
  readonly method?: string;
  readonly attempts?: number;
  readonly first_error?: string;
  readonly last_error?: string;
}

/** The collection's TTL index forgets what was not touched for this long. */
export async function ensureAttemptIndexes(db: Db, seconds: number): Promise<void> {
  const forgotten = { name: 'forgotten', key: { last_at: 1 }, expireAfterSeconds: seconds };
  await ensureIndexesOf(collectionOf(db), [forgotten]);
}

/** The ledger in a collection of its own: an attempt has to be durable before it begins, whatever becomes of the contact. */
export function createAttemptLedger(db: Db, call: Call): AttemptLedger {
  const attempts = collectionOf(db);
  return {
    begin: (id) =>
      call('record an attempt', async () => {
        const before = await countStart(attempts, id);
        return { unended: before?.unended ?? 0, ...failureIn(before) };
      }),
    end: (id) => call('end an attempt', async () => void (await attempts.deleteOne({ _id: { $eq: id } }))),
    fail: (id, { method, attempts: made, firstError, lastError }) =>
      call('record a failure', async () => {
        const failure = { method, attempts: made, first_error: firstError, last_error: lastError, last_at: new Date() };
        await attempts.updateOne({ _id: { $eq: id } }, { $set: failure }, { upsert: true });
      }),
  };
}

function failureIn(document: AttemptDocument | null): { readonly failure?: RecordedFailure } {
  if (document?.attempts === undefined) return {};
  const { method = 'request', attempts, first_error: firstError = '', last_error: lastError = '' } = document;
  return { failure: { method, attempts, firstError, lastError } };
}

/**
 * Gives the document as it was before. Not by an upsert: where several meet on a document that is not there yet, the
 * DocumentDB engine counts each of them but tells more than one that there was nothing before.
 */
async function countStart(attempts: Collection<AttemptDocument>, id: string): Promise<AttemptDocument | null> {
  const last_at = new Date();
  const start = { $inc: { unended: 1 }, $set: { last_at } };
  const before = await attempts.findOneAndUpdate({ _id: { $eq: id } }, start, { returnDocument: 'before' });
  if (before !== null) return before;
  try {
    await attempts.insertOne({ _id: id, unended: 1, last_at });
    return null;
  } catch (error) {
    // Two workers made the document at once; it is there now.
    if (isDuplicateKey(error)) return countStart(attempts, id);
    throw error;
  }
}

function collectionOf(db: Db): Collection<AttemptDocument> {
  return db.collection('attempts');
}
