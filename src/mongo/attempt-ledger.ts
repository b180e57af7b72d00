import type { Collection, Db, Filter } from 'mongodb';

import type { AttemptLedger, EarlierAttempts, RecordedFailure } from '../protocol/attempt-ledger.ts';
import type { Call } from './connection/calls.ts';
import { isDuplicateKey } from './connection/errors.ts';
import { ensureIndexesOf } from './indexes.ts';

/** Starts of one request that have not ended, and how it failed for good. */
interface AttemptDocument {
  readonly _id: string;
  /** The names of the starts. */
  readonly starts?: readonly string[];
  /** Looked at by the TTL index. */
  readonly last_at: Date;
  /** The start that failed for good; the next four say how. */
  readonly failed?: string;
  readonly method?: string;
  readonly attempts?: number;
  readonly first_error?: string;
  readonly last_error?: string;
  /** A number of starts without names, as earlier builds wrote it; their failures name no start. */
  readonly unended?: number;
}

/** Stands for all that was recorded without names. No start is called so: they are longer. */
const WITHOUT_NAMES = 'unnamed';

/** What a failure consists of. */
const FAILURE = { failed: '', method: '', attempts: '', first_error: '', last_error: '' } as const;

/** The collection's TTL index forgets what was not touched for this long. */
export async function ensureAttemptIndexes(db: Db, seconds: number): Promise<void> {
  const forgotten = { name: 'forgotten', key: { last_at: 1 }, expireAfterSeconds: seconds };
  await ensureIndexesOf(collectionOf(db), [forgotten]);
}

/** The ledger in a collection of its own: an attempt has to be durable before it begins, whatever becomes of the contact. */
export function createAttemptLedger(db: Db, call: Call): AttemptLedger {
  const attempts = collectionOf(db);
  return {
    begin: (id, start, most) =>
      call('record an attempt', async () => earlierIn(await recordStart(attempts, id, start, most), start)),
    end: (id, starts) => call('end an attempt', () => endStarts(attempts, id, starts)),
    fail: (id, start, { method, attempts: made, firstError, lastError }) =>
      call('record a failure', async () => {
        const how = { method, attempts: made, first_error: firstError, last_error: lastError, last_at: new Date() };
        await attempts.updateOne({ _id: { $eq: id }, starts: { $eq: start } }, { $set: { failed: start, ...how } });
      }),
  };
}

/**
 * Gives the document as it was before. Not by an upsert: where several meet on a document that is not there yet, the
 * DocumentDB engine counts each of them but tells more than one that there was nothing before.
 */
async function recordStart(
  attempts: Collection<AttemptDocument>,
  id: string,
  start: string,
  most: number,
): Promise<AttemptDocument | null> {
  const _id = { $eq: id };
  const last_at = new Date();
  const startable = { _id, attempts: { $exists: false }, [`starts.${most - 1}`]: { $exists: false } };
  const record = { $addToSet: { starts: start }, $set: { last_at } };
  const before = await attempts.findOneAndUpdate(startable, record, { returnDocument: 'before' });
  if (before !== null) return before;
  const there = await attempts.findOne({ _id });
  if (there !== null && !isStartable(there, most)) return there;
  try {
    await attempts.insertOne({ _id: id, starts: [start], last_at });
    return null;
  } catch (error) {
    // Another worker made the document meanwhile.
    if (isDuplicateKey(error)) return recordStart(attempts, id, start, most);
    throw error;
  }
}

function isStartable({ attempts, starts }: AttemptDocument, most: number): boolean {
  return attempts === undefined && (starts?.length ?? 0) < most;
}

function earlierIn(document: AttemptDocument | null, own: string): EarlierAttempts {
  if (document === null) return { unended: 0, starts: [] };
  const { starts, unended, attempts, failed } = document;
  const names = (starts ?? []).filter((name) => name !== own);
  const nameless = typeof unended === 'number' && unended > 0 ? unended : 0;
  const hasNameless = unended !== undefined || (attempts !== undefined && failed === undefined);
  return {
    unended: names.length + nameless,
    starts: hasNameless ? [...names, WITHOUT_NAMES] : names,
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

/** Takes the document away where it holds nothing else; else only what is named goes. */
async function endStarts(attempts: Collection<AttemptDocument>, id: string, starts: readonly string[]): Promise<void> {
  const _id = { $eq: id };
  const nameless = starts.includes(WITHOUT_NAMES);
  const nothingElse: Filter<AttemptDocument> = {
    _id,
    starts: { $not: { $elemMatch: { $nin: starts } } },
    ...(!nameless && {
      unended: { $exists: false },
      $or: [{ attempts: { $exists: false } }, { failed: { $in: starts } }],
    }),
  };
  const { deletedCount } = await attempts.deleteOne(nothingElse);
  if (deletedCount > 0) return;
  await attempts.updateOne({ _id, failed: { $in: starts } }, { $unset: FAILURE });
  await attempts.updateOne(
    { _id },
    { $pull: { starts: { $in: starts } }, ...(nameless && { $unset: { unended: '' } }) },
  );
  // Another end may have done its part meanwhile.
  await attempts.deleteOne({ ...nothingElse, starts: { $size: 0 } });
}

function collectionOf(db: Db): Collection<AttemptDocument> {
  return db.collection('attempts');
}
