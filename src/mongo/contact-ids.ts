import { Decimal128, Long, type Filter } from 'mongodb';

import type { ContactId } from '../contacts/contact.ts';
import { StoreDefectError, StoreMismatchError } from '../protocol/errors.ts';
import type { Collections, CounterDocument } from './documents.ts';
import { isDuplicateKey } from './connection/errors.ts';

const COUNTER = { _id: 'contact' } as const;
const HIGHEST = Number.MAX_SAFE_INTEGER;

/** The `_id`s that are contact_ids. Comparisons meet numbers only: an ObjectId or a text, which sorts behind them, does not count. */
export const CONTACT_IDS = { $gte: 1, $lte: HIGHEST } as const;

/**
 * The contact_id that an `_id` is, whatever BSON type the number has; `undefined` where it is none: another program wrote the document.
 */
export function contactIdOf(id: unknown): ContactId | undefined {
  const number = numberOf(id);
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 1 ? number : undefined;
}

/** Reserves `count` contact_ids in a row and gives the first. They are never given out again, used or not. */
export async function reserveIds(collections: Collections, count: number): Promise<number> {
  const reserved = await increase(collections, count);
  if (reserved !== undefined) return reserved;
  await raiseCounter(collections);
  const first = await increase(collections, count);
  // A counter that is sound and cannot be increased is at its end.
  if (first === undefined) throw new StoreDefectError('create contacts: there are no contact_ids left');
  return first;
}

/**
 * Makes the counter if there is none, and brings one that is behind the documents (after a restore, for instance) past
 * the highest contact_id there is, deleted ones included. Throws `StoreMismatchError` where the counter is none.
 */
export async function raiseCounter(collections: Collections): Promise<void> {
  const { counters } = collections;
  const next = Math.min((await highestId(collections)) + 1, HIGHEST);
  const lift = async (): Promise<boolean> => {
    const counter = await counters.findOne(COUNTER);
    if (counter === null) return false;
    if (numberIn(counter) < next) await counters.updateOne({ ...COUNTER, next: CONTACT_IDS }, { $max: { next } });
    return true;
  };
  if (await lift()) return;
  try {
    await counters.insertOne({ ...COUNTER, next });
  } catch (error) {
    // Another worker made it at the same time, perhaps from fewer contacts.
    if (!isDuplicateKey(error)) throw error;
    await lift();
  }
}

/** The highest contact_id there is, deleted ones included; 0 where there is none. */
export async function highestId({ contacts }: Collections): Promise<number> {
  const edge = { projection: { _id: 1 }, sort: { _id: -1 }, limit: 1 } as const;
  const [highest] = await contacts.find({ _id: CONTACT_IDS }, edge).toArray();
  return Math.floor(Number(numberOf(highest?._id ?? 0)));
}

/** Whether there are documents among the contacts whose `_id` is no contact_id, as far as one sees at both ends of their index. */
export async function hasForeignIds({ contacts }: Collections): Promise<boolean> {
  const ends = await Promise.all(
    ([1, -1] as const).map((_id) => contacts.find({}, { projection: { _id: 1 }, sort: { _id }, limit: 1 }).toArray()),
  );
  return ends.flat().some(({ _id }) => contactIdOf(_id) === undefined);
}

/**
 * The number before, or `undefined` where there is no counter, or none that can be increased. Not by an upsert: where several
 * meet on a counter that is not there yet, the DocumentDB engine gives one number to more than one of them.
 */
async function increase({ counters }: Collections, count: number): Promise<number | undefined> {
  // Without the range a counter that lacks its number would start at 0 again, and contact_ids would be given out twice.
  const sound: Filter<CounterDocument> = { ...COUNTER, next: { $gte: 1, $lte: HIGHEST - count } };
  const before = await counters.findOneAndUpdate(
    sound,
    { $inc: { next: count } },
    { returnDocument: 'before', projection: { next: 1 } },
  );
  return before === null ? undefined : numberIn(before);
}

function numberIn({ next }: { readonly next?: unknown }): number {
  if (typeof next === 'number' && Number.isSafeInteger(next) && next >= 1) return next;
  throw new StoreMismatchError(
    `the counter of contact_ids is broken: next in the document "contact" of the collection counters is ${kindOf(next)}, ` +
      'and has to be a whole number from 1 to 2^53-1. Set it to one behind the highest contact_id that was ever given out: ' +
      'db.counters.updateOne({_id: "contact"}, {$set: {next: NumberLong("…")}}). Until then no contact is created',
  );
}

/** Decimals, and integers that are too long for a number, come as objects. */
function numberOf(value: unknown): unknown {
  return value instanceof Decimal128 || value instanceof Long ? Number(value.toString()) : value;
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (typeof value === 'string') return 'a text';
  const number = numberOf(value);
  if (typeof number !== 'number' || Number.isNaN(number)) return 'no number';
  if (number < 1) return 'below 1';
  return number > HIGHEST ? 'too high' : 'not a whole number in an integer or double';
}
