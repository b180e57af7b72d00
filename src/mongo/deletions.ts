import type { Deletion, WriteOutcome } from '../contacts/repository.ts';
import { newBatchMark, valueOfEach } from './batch-updates.ts';
import { contactIdOf } from './contact-ids.ts';
import { KEPT, NOT_DELETED, type Collections, type ContactDocument } from './documents.ts';
import { isEffectOf } from './applied-keys.ts';

/** Deletes each contact once, leaving a tombstone without personal data; result `i` belongs to deletion `i`. Ids are distinct. */
export async function deleteContacts(
  collections: Collections,
  batch: readonly Deletion[],
): Promise<readonly WriteOutcome[]> {
  if (batch.length === 0) return [];
  const mark = newBatchMark();
  const deleted_at = new Date();
  const ids = batch.map(({ id }) => id);
  const keys = batch.map(({ key }) => key.id);
  // What is to stay is named, as a contact may hold fields that nobody here knows of: the notes of an import, for instance.
  const kept = Object.fromEntries(KEPT.map((field) => [field, `$${field}`]));
  const { matchedCount } = await collections.contacts.updateMany({ _id: { $in: ids }, ...NOT_DELETED }, [
    { $replaceWith: { ...kept, deleted_at, deleted_by: valueOfEach(ids, keys), last_batch: mark } },
  ]);
  if (matchedCount === batch.length) return batch.map(() => 'applied');
  const tombstones = await tombstonesOf(collections, batch);
  return batch.map(({ id, key }) => {
    const tombstone = tombstones.get(id);
    if (!isEffectOf(key, tombstone?.deleted_by)) return 'not-found';
    return tombstone?.last_batch === mark ? 'applied' : 'repeated';
  });
}

/** Whether each deletion took effect before. Changes nothing. */
export async function findEarlierDeletions(
  collections: Collections,
  batch: readonly Deletion[],
): Promise<readonly boolean[]> {
  const tombstones = await tombstonesOf(collections, batch);
  return batch.map(({ id, key }) => isEffectOf(key, tombstones.get(id)?.deleted_by));
}

async function tombstonesOf(
  { contacts }: Collections,
  batch: readonly Deletion[],
): Promise<ReadonlyMap<number | undefined, ContactDocument>> {
  const documents = await contacts
    .find({ _id: { $in: batch.map(({ id }) => id) } }, { projection: { deleted_by: 1, last_batch: 1 } })
    .toArray();
  return new Map(documents.map((document) => [contactIdOf(document._id), document]));
}
