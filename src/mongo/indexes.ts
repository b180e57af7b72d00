import { MongoServerError, type Collection, type Db, type Document, type IndexDescription } from 'mongodb';

import { collectionsOf } from './documents.ts';

/** A week: as long a repeated request is recognised, whatever became of the contact meanwhile. */
export const RETENTION_SECONDS = 604_800;

const INDEX_OPTIONS_CONFLICT = 85;

/** Makes the indexes of the contacts that are missing, see `ensureIndexesOf`. What was kept for repeats goes after this time. */
export async function ensureIndexes(db: Db, retentionSeconds: number): Promise<void> {
  const { contacts, effects } = collectionsOf(db);
  await ensureIndexesOf(effects, [{ name: 'past', key: { at: 1 }, expireAfterSeconds: retentionSeconds }]);
  await ensureIndexesOf(contacts, [
    // A contact that was not made by a request (an import) has no key, and many of them must not collide.
    {
      name: 'created_by',
      key: { created_by: 1 },
      unique: true,
      partialFilterExpression: { created_by: { $exists: true } },
    },
    // Tombstones are in neither, nor live contacts in the last: on the DocumentDB engine deletes, and creates and updates,
    // are a fifth quicker so.
    {
      name: 'of_client',
      key: { client_id: 1, _id: 1 },
      partialFilterExpression: { client_id: { $exists: true } },
    },
    {
      name: 'with_email',
      key: { email_key: 1, _id: 1 },
      partialFilterExpression: { email_key: { $exists: true } },
    },
    {
      name: 'deleted',
      key: { deleted_at: 1 },
      expireAfterSeconds: retentionSeconds,
      partialFilterExpression: { deleted_at: { $exists: true } },
    },
  ]);
}

/**
 * Makes the indexes that are missing; may be called again at any time, by any number of workers. A TTL index that is there
 * with another time gets the wanted one; any other difference is a defect, as nobody knows what it is for.
 */
export async function ensureIndexesOf<Stored extends Document>(
  collection: Collection<Stored>,
  wanted: IndexDescription[],
): Promise<void> {
  try {
    await collection.createIndexes(wanted);
  } catch (error) {
    if (!(error instanceof MongoServerError) || error.code !== INDEX_OPTIONS_CONFLICT) throw error;
    await changeExpiry(collection, wanted);
    await collection.createIndexes(wanted);
  }
}

async function changeExpiry<Stored extends Document>(
  collection: Collection<Stored>,
  wanted: readonly IndexDescription[],
): Promise<void> {
  const there = (await collection.listIndexes().toArray()) as Record<string, unknown>[];
  for (const { name, expireAfterSeconds } of wanted) {
    const present = there.find((index) => index['name'] === name);
    if (expireAfterSeconds === undefined || present === undefined) continue;
    if (present['expireAfterSeconds'] === expireAfterSeconds) continue;
    await collection.db.command({ collMod: collection.collectionName, index: { name, expireAfterSeconds } });
  }
}
