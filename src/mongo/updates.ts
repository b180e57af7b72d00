import type { Document } from 'mongodb';

import type { Update, WriteOutcome } from '../contacts/repository.ts';
import { newBatchMark, valueById } from './batch-updates.ts';
import { contactIdOf } from './contact-ids.ts';
import { CHANGEABLE, clearedPhones, NOT_DELETED, valuesToStore, type Collections } from './documents.ts';
import { matchesKey, withoutAppliedKeys } from './applied-keys.ts';
import {
  appliedKeysIn,
  archiveOldKeys,
  MAX_APPLIED_KEYS,
  findArchivedKeys,
  archivedExactly,
  type KeyState,
} from './archived-keys.ts';

/** Retries before concurrent modification of a contact counts as a defect. */
const MAX_ROUNDS = 20;

/**
 * Applies each update once, however often its key repeats. Result `i` belongs to update `i`; ids
 * are distinct. `sharded`: the server's count proves nothing, as a document that moves between
 * shards may be changed never, once or twice.
 */
export async function updateContacts(
  collections: Collections,
  batch: readonly Update[],
  sharded = false,
): Promise<readonly WriteOutcome[]> {
  if (batch.length === 0) return [];
  const mark = newBatchMark();
  // The server returns how many contacts it changed, not which. If it changed all, no read is
  // needed.
  const written = await writeUpdates(collections, batch, mark, undefined);
  if (!sharded && written === batch.length) return batch.map(() => 'applied');
  const outcomes = new Map<Update, WriteOutcome>();
  for (let round = 1; round <= MAX_ROUNDS; round += 1) {
    const open = batch.filter((update) => !outcomes.has(update));
    const pending = await resolveOutcomes(collections, open, mark, outcomes);
    if (pending.size === 0) return batch.map((update) => outcomes.get(update) ?? 'not-found');
    await Promise.all([...pending.values()].filter(isFull).map((state) => archiveOldKeys(collections, state)));
    const groups = byArchivalCount([...pending].filter(([, state]) => !isFull(state)));
    await Promise.all([...groups].map(([archivals, updates]) => writeUpdates(collections, updates, mark, archivals)));
  }
  throw new Error(`a contact was modified concurrently in each of ${MAX_ROUNDS} rounds`);
}

/** Returns whether each update took effect before. Read-only. */
export async function findEarlierUpdates(
  collections: Collections,
  batch: readonly Update[],
): Promise<readonly boolean[]> {
  const outcomes = new Map<Update, WriteOutcome>();
  await resolveOutcomes(collections, batch, undefined, outcomes);
  return batch.map((update) => outcomes.get(update) === 'repeated');
}

/**
 * Adds the outcome of every update that has one to `outcomes`. Returns the updates still to be
 * written, each with the state of its contact's keys.
 */
async function resolveOutcomes(
  collections: Collections,
  updates: readonly Update[],
  mark: string | undefined,
  outcomes: Map<Update, WriteOutcome>,
): Promise<ReadonlyMap<Update, KeyState>> {
  const documents = await collections.contacts
    .find(
      { _id: { $in: updates.map(({ id }) => id) } },
      { projection: { applied: 1, deleted_at: 1, last_batch: 1, moved_out: 1 } },
    )
    .toArray();
  const byId = new Map(documents.map((document) => [contactIdOf(document._id), document]));
  const lookUp = updates.filter(({ id }) => byId.get(id)?.moved_out !== undefined);
  const archived = await findArchivedKeys(
    collections,
    lookUp.map(({ key }) => key),
  );
  const pending = new Map<Update, KeyState>();
  for (const update of updates) {
    const document = byId.get(update.id);
    if (document === undefined) outcomes.set(update, 'not-found');
    else if (appliedKeysIn(document).some((stored) => matchesKey(update.key, stored))) {
      outcomes.set(update, document.last_batch === mark ? 'applied' : 'repeated');
    } else if (archived.has(update.key)) outcomes.set(update, 'repeated');
    else if (document.deleted_at !== undefined) outcomes.set(update, 'not-found');
    else pending.set(update, document);
  }
  return pending;
}

function isFull(state: KeyState): boolean {
  return appliedKeysIn(state).length >= MAX_APPLIED_KEYS;
}

/** Groups updates by the archivals of their contacts: one group shares one command. */
function byArchivalCount(
  pending: Iterable<readonly [Update, KeyState]>,
): ReadonlyMap<KeyState['moved_out'], readonly Update[]> {
  const groups = new Map<KeyState['moved_out'], Update[]>();
  for (const [update, { moved_out }] of pending) {
    const group = groups.get(moved_out);
    if (group === undefined) groups.set(moved_out, [update]);
    else group.push(update);
  }
  return groups;
}

/**
 * Applies, in one command, the updates whose contact has exactly this many archivals. Returns how
 * many were applied.
 */
async function writeUpdates(
  { contacts }: Collections,
  updates: readonly Update[],
  mark: string,
  archivals: KeyState['moved_out'],
): Promise<number> {
  const ids = updates.map(({ id }) => id);
  const filter = {
    _id: { $in: ids },
    ...NOT_DELETED,
    moved_out: archivedExactly(archivals),
    ...withoutAppliedKeys(updates.map(({ key }) => key)),
    [`applied.${MAX_APPLIED_KEYS - 1}`]: { $exists: false },
  };
  return (await contacts.updateMany(filter, changesOf(updates, ids, mark))).matchedCount;
}

/**
 * The update stages, with an expression per field. A stage that merges documents, or one array per
 * contact, takes the DocumentDB engine 1.5× as long.
 */
function changesOf(updates: readonly Update[], ids: readonly number[], mark: string): Document[] {
  const given = updates.map(({ changes }) => valuesToStore(changes));
  const key = valueById(
    ids,
    updates.map((update) => update.key.id),
  );
  const always = {
    updated_at: new Date(),
    last_batch: mark,
    // Another program may have replaced the array; anything else would fail the whole batch.
    applied: { $concatArrays: [{ $cond: [{ $isArray: '$applied' }, '$applied', []] }, [key]] },
  };
  const named = CHANGEABLE.filter((field) => given.some((values) => values[field] !== undefined)).map((field) => {
    const values = given.map((one) => one[field] ?? null);
    return [field, { $ifNull: [valueById(ids, values), `$${field}`] }] as const;
  });
  return [{ $set: { ...always, ...Object.fromEntries(named) } }, ...clearedPhones(given)];
}
