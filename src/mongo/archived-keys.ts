import type { EffectKey } from '../contacts/repository.ts';
import type { Collections, ContactDocument } from './documents.ts';
import { isEffectOf, startingWith } from './applied-keys.ts';
import { duplicatesIn } from './connection/errors.ts';

/** Keys that a contact holds at most, about 5 KB; then the older half moves out. */
export const MAX_KEYS_HELD = 200;

const MOVED_AT_ONCE = MAX_KEYS_HELD / 2;

/** What is needed of a contact to know whether its keys have moved out, and to move them. */
export type KeysHeld = Pick<ContactDocument, '_id' | 'applied' | 'moved_out'>;

/** The keys that a contact holds; none where another program put something else in their place. */
export function appliedTo({ applied }: { readonly applied?: unknown }): readonly string[] {
  return Array.isArray(applied) ? (applied as readonly string[]) : [];
}

/**
 * Moves the older half of a full contact's keys into the collection of past effects, where they stay for the time of
 * retention. They are there before they go here, so that each can be found at every moment. Two workers may do it at once.
 */
export async function moveOutOldKeys({ contacts, effects }: Collections, held: KeysHeld): Promise<void> {
  const keys = appliedTo(held).slice(0, MOVED_AT_ONCE);
  const at = new Date();
  const past = keys.filter((key) => typeof key === 'string').map((_id) => ({ _id, contact_id: held._id, at }));
  if (past.length > 0) await effects.insertMany(past, { ordered: false }).catch(duplicatesIn);
  const times = Number.isSafeInteger(held.moved_out) ? (held.moved_out ?? 0) : 0;
  await contacts.updateOne(
    { _id: { $eq: held._id }, moved_out: stillMovedOut(held.moved_out) },
    { $set: { moved_out: times + 1 }, $pull: { applied: { $in: keys } } },
  );
}

/** The condition that keys of a contact have moved out so often, and not once more since that was read. */
export function stillMovedOut(moved_out: number | undefined): { readonly $eq: number } | { readonly $exists: false } {
  return moved_out === undefined ? { $exists: false } : { $eq: moved_out };
}

/** Of these keys, those whose effects on contacts have moved out. */
export async function movedOut({ effects }: Collections, keys: readonly EffectKey[]): Promise<ReadonlySet<EffectKey>> {
  if (keys.length === 0) return new Set();
  const prefixes = keys.flatMap(({ earlier }) => (earlier === undefined ? [] : [{ _id: startingWith(earlier) }]));
  const exact = { _id: { $in: keys.map(({ id }) => id) } };
  const found = await effects.find(prefixes.length === 0 ? exact : { $or: [exact, ...prefixes] }).toArray();
  return new Set(keys.filter((key) => found.some(({ _id }) => isEffectOf(key, _id))));
}
