import type { AnyBulkWriteOperation } from 'mongodb';

import type { Deletion, WriteOutcome } from '../contacts/repository.ts';
import { inLockOrder, newBatchMark } from './batch.ts';
import { FORGOTTEN, NOT_DELETED, type Collections, type ContactDocument } from './documents.ts';
import { isEffectOf } from './effects.ts';

/** Deletes each contact once, leaving a tombstone without personal data; result `i` belongs to deletion `i`. Ids are distinct. */
export async function deleteContacts(
  collections: Collections,
  batch: readonly Deletion[],
): Promise<readonly WriteOutcome[]> {
  if (batch.length === 0) return [];
  const mark = newBatchMark();
  const deleted_at = new Date();
  const operations = inLockOrder(batch).map(({ id, key }): AnyBulkWriteOperation<ContactDocument> => ({
    updateOne: {
      filter: { _id: { $eq: id }, ...NOT_DELETED },
      update: { $set: { deleted_at, deleted_by: key.id, last_batch: mark }, $unset: FORGOTTEN },
    },
  }));
  const { matchedCount } = await collections.contacts.bulkWrite(operations, { ordered: false });
  if (matchedCount === batch.length) return batch.map(() => 'applied');
  const tombstones = await tombstonesOf(collections, batch);
  return batch.map(({ id, key }) => {
    const tombstone = tombstones.get(id);
    if (!isEffectOf(key, tombstone?.deleted_by)) return 'not-found';
    return tombstone?.last_batch === mark ? 'applied' : 'repeated';
  });
}

/** Whether each deletion took effect before. Changes nothing. */
export async function recallDeletions(
  collections: Collections,
  batch: readonly Deletion[],
): Promise<readonly boolean[]> {
  const tombstones = await tombstonesOf(collections, batch);
  return batch.map(({ id, key }) => isEffectOf(key, tombstones.get(id)?.deleted_by));
}

async function tombstonesOf(
  { contacts }: Collections,
  batch: readonly Deletion[],
): Promise<ReadonlyMap<number, ContactDocument>> {
  const documents = await contacts
    .find({ _id: { $in: batch.map(({ id }) => id) } }, { projection: { deleted_by: 1, last_batch: 1 } })
    .toArray();
  return new Map(documents.map((document) => [document._id, document]));
}
