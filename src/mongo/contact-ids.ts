import type { Collections } from './documents.ts';
import { isDuplicateKey } from './failures.ts';

const COUNTER = { _id: 'contact' } as const;

/** Reserves `count` contact_ids in a row and gives the first. They are never given out again, used or not. */
export async function reserveIds(collections: Collections, count: number): Promise<number> {
  const reserved = await increase(collections, count);
  if (reserved !== undefined) return reserved;
  await liftCounter(collections);
  const first = await increase(collections, count);
  if (first === undefined) throw new Error('the counter of contact_ids is gone again');
  return first;
}

/**
 * Makes the counter if there is none, and brings one that is behind the documents (after a restore, for instance) past
 * the highest contact_id there is, deleted ones included.
 */
export async function liftCounter({ contacts, counters }: Collections): Promise<void> {
  const [highest] = await contacts.find({}, { projection: { _id: 1 }, sort: { _id: -1 }, limit: 1 }).toArray();
  const next = (highest?._id ?? 0) + 1;
  const lift = async (): Promise<boolean> => (await counters.updateOne(COUNTER, { $max: { next } })).matchedCount > 0;
  if (await lift()) return;
  try {
    await counters.insertOne({ ...COUNTER, next });
  } catch (error) {
    // Another worker made it at the same time, perhaps from fewer contacts.
    if (!isDuplicateKey(error)) throw error;
    await lift();
  }
}

/**
 * The number before, or `undefined` where there is no counter. Not by an upsert: where several meet on a counter that is
 * not there yet, the DocumentDB engine gives one number to more than one of them.
 */
async function increase({ counters }: Collections, count: number): Promise<number | undefined> {
  const before = await counters.findOneAndUpdate(
    COUNTER,
    { $inc: { next: count } },
    { returnDocument: 'before', projection: { next: 1 } },
  );
  if (before === null) return undefined;
  if (!Number.isSafeInteger(before.next + count)) throw new Error('there are no contact_ids left');
  return before.next;
}
