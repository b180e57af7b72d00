import { Decimal128, Long, MinKey, type Filter } from 'mongodb';

import type { ContactId } from '../contacts/contact.ts';
import { StoreDefectError, StoreMismatchError, UnavailableError } from '../protocol/errors.ts';
import type { Collections, CounterDocument } from './documents.ts';
import { isDuplicateKey } from './connection/errors.ts';

export const COUNTER = { _id: 'contact' } as const;
const MAX_CONTACT_ID = Number.MAX_SAFE_INTEGER;

/**
 * A filter for `_id`s that are contact_ids. Range comparisons match numbers only, not ObjectIds or
 * strings.
 */
export const CONTACT_IDS = { $gte: 1, $lte: MAX_CONTACT_ID } as const;

/**
 * The `_id` as a contact_id, whatever BSON number type it has; `undefined` if another program wrote
 * it.
 */
export function contactIdOf(id: unknown): ContactId | undefined {
  const number = numberOf(id);
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 1 ? number : undefined;
}

/** Returns the place of an _id of any type among contact_ids, as the server sorts them. */
export function placeOf(id: unknown): number {
  const number = numberOf(id);
  if (typeof number === 'number') return Number.isNaN(number) ? -Infinity : number;
  return id === null || id === undefined || id instanceof MinKey ? -Infinity : Infinity;
}

/** Who reserves: a worker that claims its creates, or one that relies on a unique index. */
export interface Reserving {
  readonly claiming: boolean;
}

/**
 * Reserves `count` consecutive contact_ids and returns the first. They are never reserved again,
 * used or not. Throws `UnavailableError` if the database demands claims and the caller makes none.
 */
export async function reserveIds(collections: Collections, count: number, who: Reserving): Promise<number> {
  const reserved = await incrementCounter(collections, count, who);
  if (reserved !== undefined) return reserved;
  await raiseCounter(collections);
  const first = await incrementCounter(collections, count, who);
  if (first === undefined && !who.claiming) await refuseWithoutClaims(collections);
  // A valid counter that cannot be incremented has reached its end.
  if (first === undefined) throw new StoreDefectError('create contacts: there are no contact_ids left');
  return first;
}

/**
 * Creates the counter if it is missing. Raises one that is behind the documents (after a restore,
 * for instance) past the highest contact_id, tombstones included. Throws `StoreMismatchError` if
 * the counter holds no valid number.
 */
export async function raiseCounter(collections: Collections): Promise<void> {
  const { counters } = collections;
  const next = Math.min((await highestId(collections)) + 1, MAX_CONTACT_ID);
  const raise = async (): Promise<boolean> => {
    const counter = await counters.findOne(COUNTER);
    if (counter === null) return false;
    if (numberIn(counter) < next) await counters.updateOne({ ...COUNTER, next: CONTACT_IDS }, { $max: { next } });
    return true;
  };
  if (await raise()) return;
  try {
    await counters.insertOne({ ...COUNTER, next });
  } catch (error) {
    // Another worker created it at the same time, perhaps from fewer contacts.
    if (!isDuplicateKey(error)) throw error;
    await raise();
  }
}

/** The lowest contact_id that nobody has reserved. Call it once the counter exists. */
export async function nextId({ counters }: Collections): Promise<number> {
  return numberIn((await counters.findOne(COUNTER)) ?? {});
}

/** The highest contact_id, tombstones included; 0 if there is none. */
export async function highestId({ contacts }: Collections): Promise<number> {
  const options = { projection: { _id: 1 }, sort: { _id: -1 }, limit: 1 } as const;
  const [highest] = await contacts.find({ _id: CONTACT_IDS }, options).toArray();
  return Math.floor(Number(numberOf(highest?._id ?? 0)));
}

/** Whether a document at either end of the index on `_id` has an `_id` that is not a contact_id. */
export async function hasForeignIds({ contacts }: Collections): Promise<boolean> {
  const ends = await Promise.all(
    ([1, -1] as const).map((_id) => contacts.find({}, { projection: { _id: 1 }, sort: { _id }, limit: 1 }).toArray()),
  );
  return ends.flat().some(({ _id }) => contactIdOf(_id) === undefined);
}

/**
 * Returns the counter's previous value; `undefined` if it is missing or cannot be incremented. It
 * does not upsert: if several workers upsert a missing counter at once, the DocumentDB engine gives
 * one number to more than one of them.
 */
async function incrementCounter(
  { counters }: Collections,
  count: number,
  { claiming }: Reserving,
): Promise<number | undefined> {
  const valid: Filter<CounterDocument> = {
    ...COUNTER,
    // Without the range, a counter without `next` would start at 0, and contact_ids would repeat.
    next: { $gte: 1, $lte: MAX_CONTACT_ID - count },
    ...(!claiming && { claims: { $exists: false } }),
  };
  const before = await counters.findOneAndUpdate(
    valid,
    { $inc: { next: count } },
    { returnDocument: 'before', projection: { next: 1 } },
  );
  return before === null ? undefined : numberIn(before);
}

/**
 * Throws if the counter says that every create needs a claim. No request is at fault: all wait until
 * a worker with claims gets them.
 */
async function refuseWithoutClaims({ counters }: Collections): Promise<void> {
  const counter = await counters.findOne(COUNTER);
  if (counter?.claims === undefined) return;
  throw new UnavailableError(
    'the creates of this database are protected by claims (docs/sharding.md), and this worker writes none. ' +
      'Set MONGODB_SHARDED=true and restart it. Until then it creates no contact',
  );
}

function numberIn({ next }: { readonly next?: unknown }): number {
  if (typeof next === 'number' && Number.isSafeInteger(next) && next >= 1) return next;
  throw new StoreMismatchError(
    `the counter of contact_ids is broken: next in the document "contact" of the collection counters is ${describe(next)}, ` +
      'and must be a whole number from 1 to 2^53-1. Set it to the highest contact_id ever used plus 1: ' +
      'db.counters.updateOne({_id: "contact"}, {$set: {next: NumberLong("…")}}). Until then no contact can be created',
  );
}

/** The driver returns decimals, and integers beyond 2^53, as objects. */
function numberOf(value: unknown): unknown {
  return value instanceof Decimal128 || value instanceof Long ? Number(value.toString()) : value;
}

function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (typeof value === 'string') return 'a string';
  const number = numberOf(value);
  if (typeof number !== 'number' || Number.isNaN(number)) return 'not a number';
  if (number < 1) return 'below 1';
  return number > MAX_CONTACT_ID ? 'too high' : 'not a whole number in an integer or double';
}
