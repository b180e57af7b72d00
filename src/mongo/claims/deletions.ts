import type { Deletion, WriteOutcome } from '../../contacts/repository.ts';
import { newBatchMark } from '../batch-updates.ts';
import { markDeleted } from './claims.ts';
import { contactIdOf } from '../contact-ids.ts';
import { outcomeOf, writeTombstones } from '../deletions.ts';
import type { Collections, ContactDocument } from '../documents.ts';

/** Rounds in which a contact may escape its delete before that counts as a defect. */
const MAX_ROUNDS = 20;

/**
 * As `deleteContacts`, for a sharded database: reads judge the batch, as a contact that moves between
 * shards may escape the command. Afterwards the contacts' claims are marked, also by a repeat, which
 * may follow a crash between the two.
 */
export async function deleteClaimedContacts(
  collections: Collections,
  batch: readonly Deletion[],
): Promise<readonly WriteOutcome[]> {
  if (batch.length === 0) return [];
  const mark = newBatchMark();
  const deleted_at = new Date();
  const tombstones = new Map<number | undefined, ContactDocument>();
  let open = batch;
  for (let round = 1; open.length > 0; round += 1) {
    if (round > MAX_ROUNDS) throw new Error(`a contact escaped its delete in each of ${MAX_ROUNDS} rounds`);
    await writeTombstones(collections, open, mark, deleted_at);
    const documents = await read(collections, open);
    for (const document of documents)
      if (document.deleted_at !== undefined) tombstones.set(contactIdOf(document._id), document);
    const live = new Set(documents.map(({ _id }) => contactIdOf(_id)).filter((id) => !tombstones.has(id)));
    open = open.filter(({ id }) => live.has(id));
  }
  const outcomes = batch.map((deletion) => outcomeOf(deletion, tombstones.get(deletion.id), mark));
  const own = batch.flatMap(({ id }, i) => (outcomes[i] === 'not-found' ? [] : (tombstones.get(id) ?? [])));
  await markDeleted(collections, own, deleted_at);
  return outcomes;
}

async function read({ contacts }: Collections, batch: readonly Deletion[]): Promise<readonly ContactDocument[]> {
  const projection = { created_by: 1, deleted_at: 1, deleted_by: 1, last_batch: 1 };
  const ids = batch.map(({ id }) => id);
  return contacts.find({ _id: { $in: ids } }, { projection, batchSize: ids.length + 1 }).toArray();
}
