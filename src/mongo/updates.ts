import type { AnyBulkWriteOperation } from 'mongodb';

import type { Update, WriteOutcome } from '../contacts/repository.ts';
import { inLockOrder, newBatchMark } from './batch.ts';
import { changesToStore, NOT_DELETED, type Collections, type ContactDocument } from './documents.ts';
import { isEffectOf, withoutEffectOf } from './effects.ts';
import { moveOutOldKeys, MOST_KEYS_HELD, movedOut, stillMovedOut, type KeysHeld } from './past-effects.ts';

/** Rounds after which a contact that others keep changing under our hands is a defect. */
const MOST_ROUNDS = 20;

/** A contact that has neither a full list of keys nor any that moved out: nothing need be looked up. */
const FAST = { moved_out: { $exists: false } } as const;

/** Applies each update once, however often its key comes; result `i` belongs to update `i`. Ids are distinct. */
export async function updateContacts(
  collections: Collections,
  batch: readonly Update[],
): Promise<readonly WriteOutcome[]> {
  if (batch.length === 0) return [];
  const mark = newBatchMark();
  const write = (updates: readonly Update[], condition: (update: Update) => object): Promise<number> =>
    writeUpdates(collections, updates, mark, condition);
  // The server tells how many were changed, not which; with all of them there is nothing to ask.
  if ((await write(batch, () => FAST)) === batch.length) return batch.map(() => 'applied');
  const outcomes = new Map<Update, WriteOutcome>();
  for (let round = 1; round <= MOST_ROUNDS; round += 1) {
    const open = batch.filter((update) => !outcomes.has(update));
    const held = await judge(collections, open, mark, outcomes);
    if (held.size === 0) return batch.map((update) => outcomes.get(update) ?? 'not-found');
    await Promise.all([...held.values()].filter(isFull).map((keys) => moveOutOldKeys(collections, keys)));
    const ready = [...held].filter(([, keys]) => !isFull(keys));
    const conditions = new Map(ready.map(([update, keys]) => [update, { moved_out: stillMovedOut(keys) }]));
    if (ready.length > 0) await write([...conditions.keys()], (update) => conditions.get(update) ?? FAST);
  }
  throw new Error(`a contact was changed by others in ${MOST_ROUNDS} rounds`);
}

/** Whether each update took effect before. Changes nothing. */
export async function recallUpdates(collections: Collections, batch: readonly Update[]): Promise<readonly boolean[]> {
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
  const byId = new Map(documents.map((document) => [document._id, document]));
  const lookUp = updates.filter(({ id }) => byId.get(id)?.moved_out !== undefined);
  const past = await movedOut(
    collections,
    lookUp.map(({ key }) => key),
  );
  const held = new Map<Update, KeysHeld>();
  for (const update of updates) {
    const document = byId.get(update.id);
    if (document === undefined) outcomes.set(update, 'not-found');
    else if (document.applied?.some((stored) => isEffectOf(update.key, stored))) {
      outcomes.set(update, document.last_batch === mark ? 'applied' : 'repeated');
    } else if (past.has(update.key)) outcomes.set(update, 'repeated');
    else if (document.deleted_at !== undefined) outcomes.set(update, 'not-found');
    else held.set(update, document);
  }
  return held;
}

function isFull({ applied = [] }: KeysHeld): boolean {
  return applied.length >= MOST_KEYS_HELD;
}

/** Gives how many were made. */
async function writeUpdates(
  { contacts }: Collections,
  updates: readonly Update[],
  mark: string,
  condition: (update: Update) => object,
): Promise<number> {
  const updated_at = new Date();
  const operations = inLockOrder(updates).map((update): AnyBulkWriteOperation<ContactDocument> => {
    const { $set, $unset } = changesToStore(update.changes);
    return {
      updateOne: {
        filter: {
          _id: { $eq: update.id },
          ...NOT_DELETED,
          ...condition(update),
          applied: withoutEffectOf(update.key),
          [`applied.${MOST_KEYS_HELD - 1}`]: { $exists: false },
        },
        update: {
          $set: { ...$set, updated_at, last_batch: mark },
          ...(Object.keys($unset).length > 0 && { $unset }),
          $push: { applied: update.key.id },
        },
      },
    };
  });
  return (await contacts.bulkWrite(operations, { ordered: false })).matchedCount;
}
