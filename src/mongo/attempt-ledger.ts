import type { Collection, Db, Filter } from 'mongodb';

import type { AttemptLedger, EarlierAttempts, RecordedFailure } from '../protocol/attempt-ledger.ts';
import type { Call } from './connection/calls.ts';
import { isDuplicateKey } from './connection/errors.ts';
import { ensureIndexesOf } from './indexes.ts';

/** The starts of one request that have not ended, and its permanent failure. */
interface AttemptDocument {
  readonly _id: string;
  /** The names of the starts. */
  readonly starts?: readonly string[];
  /** Indexed with a TTL. */
  readonly last_at: Date;
  /** The start that failed permanently; the next four fields describe the failure. */
  readonly failed?: string;
  readonly method?: string;
  readonly attempts?: number;
  readonly first_error?: string;
  readonly last_error?: string;
  /** A number of unnamed starts, written by earlier builds. Their failures name no start. */
  readonly unended?: number;
}

/** Represents all unnamed starts. Names of starts are longer, so none equals it. */
const UNNAMED = 'unnamed';

/** The fields of a failure, for `$unset`. */
const FAILURE_FIELDS = { failed: '', method: '', attempts: '', first_error: '', last_error: '' } as const;

/** Creates the TTL index: attempts expire after this many seconds without a change. */
export async function ensureAttemptIndexes(db: Db, seconds: number): Promise<void> {
  const forgotten = { name: 'forgotten', key: { last_at: 1 }, expireAfterSeconds: seconds };
  await ensureIndexesOf(collectionOf(db), [forgotten]);
}

/**
 * The ledger, in its own collection: an attempt must be durable before it begins, whatever happens
 * to the contact.
 */
export function createAttemptLedger(db: Db, call: Call): AttemptLedger {
  const attempts = collectionOf(db);
  return {
    begin: (id, start, maxStarts) =>
      call('record an attempt', async () => earlierIn(await recordStart(attempts, id, start, maxStarts), start)),
    end: (id, starts) => call('end an attempt', () => endStarts(attempts, id, starts)),
    fail: (id, start, { method, attempts: made, firstError, lastError }) =>
      call('record a failure', async () => {
        const how = { method, attempts: made, first_error: firstError, last_error: lastError, last_at: new Date() };
        await attempts.updateOne({ _id: { $eq: id }, starts: { $eq: start } }, { $set: { failed: start, ...how } });
      }),
  };
}

/**
 * Records a start and returns the previous document. It does not upsert: if several workers upsert
 * a missing document at once, the DocumentDB engine counts each but reports to several that they
 * were first.
 */
async function recordStart(
  attempts: Collection<AttemptDocument>,
  id: string,
  start: string,
  maxStarts: number,
): Promise<AttemptDocument | null> {
  const _id = { $eq: id };
  const last_at = new Date();
  const startable = { _id, attempts: { $exists: false }, [`starts.${maxStarts - 1}`]: { $exists: false } };
  const record = { $addToSet: { starts: start }, $set: { last_at } };
  const before = await attempts.findOneAndUpdate(startable, record, { returnDocument: 'before' });
  if (before !== null) return before;
  const existing = await attempts.findOne({ _id });
  if (existing !== null && !isStartable(existing, maxStarts)) return existing;
  try {
    await attempts.insertOne({ _id: id, starts: [start], last_at });
    return null;
  } catch (error) {
    // Another worker created the document meanwhile.
    if (isDuplicateKey(error)) return recordStart(attempts, id, start, maxStarts);
    throw error;
  }
}

function isStartable({ attempts, starts }: AttemptDocument, maxStarts: number): boolean {
  return attempts === undefined && (starts?.length ?? 0) < maxStarts;
}

function earlierIn(document: AttemptDocument | null, own: string): EarlierAttempts {
  if (document === null) return { unended: 0, starts: [] };
  const { starts, unended, attempts, failed } = document;
  const names = (starts ?? []).filter((name) => name !== own);
  const unnamed = typeof unended === 'number' && unended > 0 ? unended : 0;
  const hasUnnamed = unended !== undefined || (attempts !== undefined && failed === undefined);
  return {
    unended: names.length + unnamed,
    starts: hasUnnamed ? [...names, UNNAMED] : names,
    ...failureIn(document),
  };
}

function failureIn(document: AttemptDocument): { readonly failure?: RecordedFailure } {
  const { method, attempts, first_error, last_error } = document;
  if (attempts === undefined) return {};
  return {
    failure: {
      method: textOf(method, 'request'),
      attempts: typeof attempts === 'number' ? attempts : 1,
      firstError: textOf(first_error, ''),
      lastError: textOf(last_error, ''),
    },
  };
}

function textOf(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}

/** Deletes the document if it holds nothing else; otherwise removes only these starts. */
async function endStarts(attempts: Collection<AttemptDocument>, id: string, starts: readonly string[]): Promise<void> {
  const _id = { $eq: id };
  const endsUnnamed = starts.includes(UNNAMED);
  const nothingElse: Filter<AttemptDocument> = {
    _id,
    starts: { $not: { $elemMatch: { $nin: starts } } },
    ...(!endsUnnamed && {
      unended: { $exists: false },
      $or: [{ attempts: { $exists: false } }, { failed: { $in: starts } }],
    }),
  };
  const { deletedCount } = await attempts.deleteOne(nothingElse);
  if (deletedCount > 0) return;
  await attempts.updateOne({ _id, failed: { $in: starts } }, { $unset: FAILURE_FIELDS });
  await attempts.updateOne(
    { _id },
    { $pull: { starts: { $in: starts } }, ...(endsUnnamed && { $unset: { unended: '' } }) },
  );
  // Another call may have ended the other starts meanwhile.
  await attempts.deleteOne({ ...nothingElse, starts: { $size: 0 } });
}

export function collectionOf(db: Db): Collection<AttemptDocument> {
  return db.collection('attempts');
}
