import type { Deletion, WriteOutcome } from '../contacts/repository.ts';
import { newBatchMark, valueById } from './batch-updates.ts';
import { contactIdOf } from './contact-ids.ts';
import { NOT_DELETED, TOMBSTONE_FIELDS, type Collections, type ContactDocument } from './documents.ts';
import { matchesKey } from './applied-keys.ts';

/**
 * Deletes each contact once and leaves a tombstone without personal data. Result `i` belongs to
 * deletion `i`; the ids must be distinct.
 */
export async function deleteContacts(
  collections: Collections,
  batch: readonly Deletion[],
): Promise<readonly WriteOutcome[]> {
  if (batch.length === 0) return [];
  const mark = newBatchMark();
  if ((await writeTombstones(collections, batch, mark, new Date())) === batch.length) return batch.map(() => 'applied');
  const tombstones = await findTombstones(collections, batch);
  return batch.map((deletion) => outcomeOf(deletion, tombstones.get(deletion.id), mark));
}

/** Turns live contacts into tombstones, in one command. Returns how many the server reports. */
export async function writeTombstones(
  { contacts }: Collections,
  batch: readonly Deletion[],
  mark: string,
  deleted_at: Date,
): Promise<number> {
  const ids = batch.map(({ id }) => id);
  const keys = batch.map(({ key }) => key.id);
  // Lists what to keep, as a contact may hold fields that the worker does not know (notes of an
  // import).
  const kept = Object.fromEntries(TOMBSTONE_FIELDS.map((field) => [field, `$${field}`]));
  const { matchedCount } = await contacts.updateMany({ _id: { $in: ids }, ...NOT_DELETED }, [
    { $replaceWith: { ...kept, deleted_at, deleted_by: valueById(ids, keys), last_batch: mark } },
  ]);
  return matchedCount;
}

/** The outcome of a deletion, from the tombstone that it or another one left. */
export function outcomeOf({ key }: Deletion, tombstone: ContactDocument | undefined, mark: string): WriteOutcome {
  if (!matchesKey(key, tombstone?.deleted_by)) return 'not-found';
  return tombstone?.last_batch === mark ? 'applied' : 'repeated';
}

/** Returns whether each deletion took effect before. Read-only. */
export async function findEarlierDeletions(
  collections: Collections,
  batch: readonly Deletion[],
): Promise<readonly boolean[]> {
  const tombstones = await findTombstones(collections, batch);
  return batch.map(({ id, key }) => matchesKey(key, tombstones.get(id)?.deleted_by));
}

async function findTombstones(
  { contacts }: Collections,
  batch: readonly Deletion[],
): Promise<ReadonlyMap<number | undefined, ContactDocument>> {
  const documents = await contacts
    .find({ _id: { $in: batch.map(({ id }) => id) } }, { projection: { deleted_by: 1, last_batch: 1 } })
    .toArray();
  return new Map(documents.map((document) => [contactIdOf(document._id), document]));
}
