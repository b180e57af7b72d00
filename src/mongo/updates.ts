import type { Document } from 'mongodb';

import type { Update, WriteOutcome } from '../contacts/repository.ts';
import { newBatchMark, valueOfEach } from './batch-updates.ts';
import { contactIdOf } from './contact-ids.ts';
import { CHANGEABLE, clearedPhones, NOT_DELETED, valuesToStore, type Collections } from './documents.ts';
import { isEffectOf, withoutEffectsOf } from './applied-keys.ts';
import { appliedTo, moveOutOldKeys, MAX_KEYS_HELD, movedOut, stillMovedOut, type KeysHeld } from './archived-keys.ts';

/** Rounds after which a contact that others keep changing under our hands is a defect. */
const MAX_ROUNDS = 20;

/** Applies each update once, however often its key comes; result `i` belongs to update `i`. Ids are distinct. */
export async function updateContacts(
  collections: Collections,
  batch: readonly Update[],
): Promise<readonly WriteOutcome[]> {
  if (batch.length === 0) return [];
  const mark = newBatchMark();
  // The server tells how many were changed, not which; with all of them there is nothing to ask.
  if ((await writeUpdates(collections, batch, mark, undefined)) === batch.length) return batch.map(() => 'applied');
  const outcomes = new Map<Update, WriteOutcome>();
  for (let round = 1; round <= MAX_ROUNDS; round += 1) {
    const open = batch.filter((update) => !outcomes.has(update));
    const held = await judge(collections, open, mark, outcomes);
    if (held.size === 0) return batch.map((update) => outcomes.get(update) ?? 'not-found');
    await Promise.all([...held.values()].filter(isFull).map((keys) => moveOutOldKeys(collections, keys)));
    const groups = byTimesMovedOut([...held].filter(([, keys]) => !isFull(keys)));
    await Promise.all([...groups].map(([moved_out, updates]) => writeUpdates(collections, updates, mark, moved_out)));
  }
  throw new Error(`a contact was changed by others in ${MAX_ROUNDS} rounds`);
}

/** Whether each update took effect before. Changes nothing. */
export async function findEarlierUpdates(
  collections: Collections,
  batch: readonly Update[],
): Promise<readonly boolean[]> {
  const outcomes = new Map<Update, WriteOutcome>();
  await judge(collections, batch, undefined, outcomes);
  return batch.map((update) => outcomes.get(update) === 'repeated');
}

/** Writes down the outcome of every update that has one; gives those that have still to be made, with their contact's keys. */
async function judge(
  collections: Collections,
  updates: readonly Update[],
  mark: string | undefined,
  outcomes: Map<Update, WriteOutcome>,
): Promise<ReadonlyMap<Update, KeysHeld>> {
  const documents = await collections.contacts
    .find(
      { _id: { $in: updates.map(({ id }) => id) } },
      { projection: { applied: 1, deleted_at: 1, last_batch: 1, moved_out: 1 } },
    )
    .toArray();
  const byId = new Map(documents.map((document) => [contactIdOf(document._id), document]));
  const lookUp = updates.filter(({ id }) => byId.get(id)?.moved_out !== undefined);
  const past = await movedOut(
    collections,
    lookUp.map(({ key }) => key),
  );
  const held = new Map<Update, KeysHeld>();
  for (const update of updates) {
    const document = byId.get(update.id);
    if (document === undefined) outcomes.set(update, 'not-found');
    else if (appliedTo(document).some((stored) => isEffectOf(update.key, stored))) {
      outcomes.set(update, document.last_batch === mark ? 'applied' : 'repeated');
    } else if (past.has(update.key)) outcomes.set(update, 'repeated');
    else if (document.deleted_at !== undefined) outcomes.set(update, 'not-found');
    else held.set(update, document);
  }
  return held;
}

function isFull(held: KeysHeld): boolean {
  return appliedTo(held).length >= MAX_KEYS_HELD;
}

/** Updates of contacts whose keys have moved out equally often share a command. */
function byTimesMovedOut(
  held: Iterable<readonly [Update, KeysHeld]>,
): ReadonlyMap<KeysHeld['moved_out'], readonly Update[]> {
  const groups = new Map<KeysHeld['moved_out'], Update[]>();
  for (const [update, { moved_out }] of held) {
    const group = groups.get(moved_out);
    if (group === undefined) groups.set(moved_out, [update]);
    else group.push(update);
  }
  return groups;
}

/** Makes with one command all of these whose contact's keys have moved out so often and no more; gives how many were made. */
async function writeUpdates(
  { contacts }: Collections,
  updates: readonly Update[],
  mark: string,
  moved_out: KeysHeld['moved_out'],
): Promise<number> {
  const ids = updates.map(({ id }) => id);
  const filter = {
    _id: { $in: ids },
    ...NOT_DELETED,
    moved_out: stillMovedOut(moved_out),
    ...withoutEffectsOf(updates.map(({ key }) => key)),
    [`applied.${MAX_KEYS_HELD - 1}`]: { $exists: false },
  };
  return (await contacts.updateMany(filter, changesOf(updates, ids, mark))).matchedCount;
}

/**
 * What each contact gets, field by field: a stage that merges documents, or one array of all that a contact gets, takes the
 * DocumentDB engine half as long again.
 */
function changesOf(updates: readonly Update[], ids: readonly number[], mark: string): Document[] {
  const given = updates.map(({ changes }) => valuesToStore(changes));
  const key = valueOfEach(
    ids,
    updates.map((update) => update.key.id),
  );
  const always = {
    updated_at: new Date(),
    last_batch: mark,
    // Anything but an array was not written by a worker, and would fail the whole batch.
    applied: { $concatArrays: [{ $cond: [{ $isArray: '$applied' }, '$applied', []] }, [key]] },
  };
  const named = CHANGEABLE.filter((field) => given.some((values) => values[field] !== undefined)).map((field) => {
    const values = given.map((one) => one[field] ?? null);
    return [field, { $ifNull: [valueOfEach(ids, values), `$${field}`] }] as const;
  });
  return [{ $set: { ...always, ...Object.fromEntries(named) } }, ...clearedPhones(given)];
}
