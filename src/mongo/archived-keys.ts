import type { IdempotencyKey } from '../contacts/repository.ts';
import type { Collections, ContactDocument } from './documents.ts';
import { matchesKey, prefixRange } from './applied-keys.ts';
import { duplicatesIn } from './connection/errors.ts';

/** Most keys that a contact's document holds, about 5 KB. Then the older half is archived. */
export const MAX_APPLIED_KEYS = 200;

const ARCHIVED_AT_ONCE = MAX_APPLIED_KEYS / 2;

/** The part of a contact's document that concerns its keys. `moved_out` counts its archivals. */
export type KeyState = Pick<ContactDocument, '_id' | 'applied' | 'moved_out'>;

/** The keys that a contact's document holds; none if another program replaced the array. */
export function appliedKeysIn({ applied }: { readonly applied?: unknown }): readonly string[] {
  return Array.isArray(applied) ? (applied as readonly string[]) : [];
}

/**
 * Archives the older half of a full contact's keys until their retention ends. It inserts them into
 * the archive before it removes them from the contact, so each key can be found at every moment.
 * Two workers may do this at once.
 */
export async function archiveOldKeys({ contacts, archivedKeys }: Collections, state: KeyState): Promise<void> {
  const keys = appliedKeysIn(state).slice(0, ARCHIVED_AT_ONCE);
  const at = new Date();
  const archived = keys.filter((key) => typeof key === 'string').map((_id) => ({ _id, contact_id: state._id, at }));
  if (archived.length > 0) await archivedKeys.insertMany(archived, { ordered: false }).catch(duplicatesIn);
  const archivals = Number.isSafeInteger(state.moved_out) ? (state.moved_out ?? 0) : 0;
  await contacts.updateOne(
    { _id: { $eq: state._id }, moved_out: archivedExactly(state.moved_out) },
    { $set: { moved_out: archivals + 1 }, $pull: { applied: { $in: keys } } },
  );
}

/** A condition on `moved_out`: matches only if no archival happened since it was read. */
export function archivedExactly(archivals: number | undefined): { readonly $eq: number } | { readonly $exists: false } {
  return archivals === undefined ? { $exists: false } : { $eq: archivals };
}

/** Returns those of the keys that are in the archive. */
export async function findArchivedKeys(
  { archivedKeys }: Collections,
  keys: readonly IdempotencyKey[],
): Promise<ReadonlySet<IdempotencyKey>> {
  if (keys.length === 0) return new Set();
  const prefixes = keys.flatMap(({ earlier }) => (earlier === undefined ? [] : [{ _id: prefixRange(earlier) }]));
  const exact = { _id: { $in: keys.map(({ id }) => id) } };
  const found = await archivedKeys.find(prefixes.length === 0 ? exact : { $or: [exact, ...prefixes] }).toArray();
  return new Set(keys.filter((key) => found.some(({ _id }) => matchesKey(key, _id))));
}
