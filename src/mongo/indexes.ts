import { MongoServerError, type Collection, type Db, type Document, type IndexDescription } from 'mongodb';

import { StoreMismatchError } from '../protocol/errors.ts';
import { collectionsOf } from './documents.ts';
import { isDuplicateKey, isUnauthorized } from './connection/errors.ts';

/** A week: as long a repeated request is recognised, whatever became of the contact meanwhile. */
export const RETENTION_SECONDS = 604_800;

/** IndexOptionsConflict and IndexKeySpecsConflict; which of them for what differs between servers. */
const CONFLICTS: ReadonlySet<unknown> = new Set([85, 86]);

/** How the DocumentDB engine says that documents are in the way of a unique index. */
const NOT_UNIQUE = /could not create (exclusion constraint|unique index)/i;

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
 * with another time gets the wanted one; of any other difference nobody knows what it is for: `StoreMismatchError` says which it is.
 */
export async function ensureIndexesOf<Stored extends Document>(
  collection: Collection<Stored>,
  wanted: IndexDescription[],
): Promise<void> {
  try {
    await collection.createIndexes(wanted);
  } catch (error) {
    if (!isConflict(error)) throw notUnique(error, collection.collectionName) ?? error;
    const there = (await collection.listIndexes().toArray()) as PresentIndex[];
    for (const index of wanted) await reconcile(collection, index, there);
    await collection.createIndexes(wanted);
  }
}

type PresentIndex = Readonly<Record<string, unknown>> & { readonly name: string; readonly key: Document };

/** What makes an index another one, beside its name; anything else that a server tells of it is its own affair. */
const OPTIONS = ['unique', 'sparse', 'partialFilterExpression', 'collation', 'expireAfterSeconds'] as const;

/** Gives a TTL index that is there the wanted time, and throws where what is there is in the way of the wanted index. */
async function reconcile<Stored extends Document>(
  collection: Collection<Stored>,
  index: IndexDescription,
  there: readonly PresentIndex[],
): Promise<void> {
  const namesake = there.find(({ name }) => name === index.name);
  if (namesake === undefined) {
    const double = there.find(({ key }) => sameText(key, index.key));
    if (double !== undefined) throw inTheWay(collection.collectionName, index, double.name, ['name']);
    return;
  }
  const differs = differences(namesake, index);
  if (differs.length === 0) return;
  const isOtherTime = String(differs) === 'expireAfterSeconds' && namesake['expireAfterSeconds'] !== undefined;
  if (!isOtherTime) throw inTheWay(collection.collectionName, index, namesake.name, differs);
  await changeExpiry(collection, index);
}

function inTheWay(collection: string, wanted: IndexDescription, present: string, differs: readonly string[]): Error {
  return new StoreMismatchError(
    `the collection ${collection} has an index "${present}" that is in the way of the worker's "${String(wanted.name)}": they differ ` +
      `in ${differs.join(', ')}. If nobody else needs it, drop it: db.${collection}.dropIndex("${present}"); the worker makes ` +
      `its own at the next start: ${JSON.stringify(wanted)}`,
  );
}

function differences(present: PresentIndex, { key, ...options }: IndexDescription): readonly string[] {
  const differs = OPTIONS.filter((option) => !sameText(present[option], options[option]));
  return sameText(present.key, key) ? differs : ['key', ...differs];
}

/** `unique: false` is the same as none. */
function sameText(one: unknown, other: unknown): boolean {
  return JSON.stringify(one === false ? undefined : one) === JSON.stringify(other);
}

async function changeExpiry<Stored extends Document>(
  collection: Collection<Stored>,
  { name, expireAfterSeconds }: IndexDescription,
): Promise<void> {
  const { collectionName, db } = collection;
  const change = { collMod: collectionName, index: { name, expireAfterSeconds } };
  try {
    // The driver gives a command of this kind no write concern of its own.
    await db.command({ ...change, writeConcern: { w: 'majority', j: true, wtimeout: db.writeConcern?.wtimeoutMS } });
  } catch (error) {
    if (!isUnauthorized(error)) throw error;
    throw new StoreMismatchError(
      `the index "${String(name)}" of the collection ${collectionName} has another time than RETENTION_SECONDS, and the database's user ` +
        `lacks the right to change it. Grant collMod on the collection (the role dbAdmin has it), or run db.runCommand(${JSON.stringify(change)}), or set RETENTION_SECONDS as it was`,
    );
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof MongoServerError && CONFLICTS.has(error.code);
}

function notUnique(error: unknown, collectionName: string): StoreMismatchError | undefined {
  if (!isDuplicateKey(error) && !(error instanceof MongoServerError && NOT_UNIQUE.test(error.message)))
    return undefined;
  return new StoreMismatchError(
    `a unique index of the collection ${collectionName} cannot be made, as documents share a value of its field (created_by of contacts). ` +
      'Find them by an aggregation that groups by this field, and remove the field from all but one of each',
  );
}
