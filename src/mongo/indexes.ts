import { MongoServerError, type Collection, type Db, type Document, type IndexDescription } from 'mongodb';

import { StoreMismatchError } from '../protocol/errors.ts';
import { collectionsOf, type Collections } from './documents.ts';
import { isDuplicateKey, isUnauthorized } from './connection/errors.ts';

/** One week. A repeated request is recognised for this long, whatever happens to its contact. */
export const RETENTION_SECONDS = 604_800;

/** IndexOptionsConflict and IndexKeySpecsConflict. Servers differ in when they return which. */
const CONFLICTS: ReadonlySet<unknown> = new Set([85, 86]);

/** The DocumentDB engine's message if documents violate a new unique index. */
const NOT_UNIQUE = /could not create (exclusion constraint|unique index)/i;

/** Contacts that no request created (an import) have no key; they must not collide. */
const UNIQUE_CREATES: IndexDescription = {
  name: 'created_by',
  key: { created_by: 1 },
  unique: true,
  partialFilterExpression: { created_by: { $exists: true } },
};

/**
 * Creates the missing indexes of contacts and archived keys. Keys and tombstones expire after the
 * retention. `sharded`: those of claims, too, and no unique index; one that exists stays.
 */
export async function ensureIndexes(db: Db, retentionSeconds: number, sharded: boolean): Promise<void> {
  const { contacts, archivedKeys, claims } = collectionsOf(db);
  await ensureIndexesOf(archivedKeys, [{ name: 'past', key: { at: 1 }, expireAfterSeconds: retentionSeconds }]);
  if (sharded) await ensureIndexesOf(claims, [expiryOfDeleted(retentionSeconds)]);
  await ensureIndexesOf(contacts, [
    ...(sharded ? [] : [UNIQUE_CREATES]),
    // Tombstones are in neither of the next two, live contacts not in the last. This makes writes
    // 20 % faster on the DocumentDB engine.
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
    expiryOfDeleted(retentionSeconds),
  ]);
}

function expiryOfDeleted(retentionSeconds: number): IndexDescription {
  return {
    name: 'deleted',
    key: { deleted_at: 1 },
    expireAfterSeconds: retentionSeconds,
    partialFilterExpression: { deleted_at: { $exists: true } },
  };
}

/** The seconds after which the deleted documents of this collection expire; `undefined` if never. */
export async function retentionInUse<Stored extends Document>(
  collection: Collection<Stored>,
): Promise<number | undefined> {
  const existing = (await collection.listIndexes().toArray().catch(noIndexes)) as ExistingIndex[];
  const seconds = existing.find(({ name }) => name === expiryOfDeleted(0).name)?.['expireAfterSeconds'];
  return typeof seconds === 'number' ? seconds : undefined;
}

/** NamespaceNotFound: the collection does not exist yet. */
function noIndexes(error: unknown): ExistingIndex[] {
  if (error instanceof MongoServerError && error.code === 26) return [];
  throw error;
}

/** Whether the database itself refuses a second contact of one create. */
export async function hasUniqueCreates({ contacts }: Collections): Promise<boolean> {
  const existing = (await contacts.listIndexes().toArray()) as ExistingIndex[];
  return existing.some(({ key, unique }) => unique === true && isEqualJson(key, UNIQUE_CREATES.key));
}

/**
 * Creates missing indexes. Any number of workers may call it at any time. Changes the time of an
 * existing TTL index to the wanted one. Any other difference may have its reason, so it throws
 * `StoreMismatchError` with a description.
 */
export async function ensureIndexesOf<Stored extends Document>(
  collection: Collection<Stored>,
  wanted: IndexDescription[],
): Promise<void> {
  try {
    await collection.createIndexes(wanted);
  } catch (error) {
    if (isUnshardable(error)) throw shardedMismatch(collection.collectionName);
    if (!isConflict(error)) throw notUnique(error, collection.collectionName) ?? error;
    const existing = (await collection.listIndexes().toArray()) as ExistingIndex[];
    for (const index of wanted) await reconcile(collection, index, existing);
    await collection.createIndexes(wanted);
  }
}

type ExistingIndex = Readonly<Record<string, unknown>> & { readonly name: string; readonly key: Document };

/** The options that distinguish indexes, beside name and key; a server may report others. */
const OPTIONS = ['unique', 'sparse', 'partialFilterExpression', 'collation', 'expireAfterSeconds'] as const;

/**
 * Sets the wanted time on an existing TTL index. Throws if an existing index conflicts otherwise.
 */
async function reconcile<Stored extends Document>(
  collection: Collection<Stored>,
  index: IndexDescription,
  existing: readonly ExistingIndex[],
): Promise<void> {
  const namesake = existing.find(({ name }) => name === index.name);
  if (namesake === undefined) {
    const sameKey = existing.find(({ key }) => isEqualJson(key, index.key));
    if (sameKey !== undefined) throw conflictWith(collection.collectionName, index, sameKey.name, ['name']);
    return;
  }
  const differs = differences(namesake, index);
  if (differs.length === 0) return;
  const isOtherTime = String(differs) === 'expireAfterSeconds' && namesake['expireAfterSeconds'] !== undefined;
  if (!isOtherTime) throw conflictWith(collection.collectionName, index, namesake.name, differs);
  await changeExpiry(collection, index);
}

function conflictWith(
  collection: string,
  wanted: IndexDescription,
  existing: string,
  differs: readonly string[],
): Error {
  return new StoreMismatchError(
    `the collection ${collection} has an index "${existing}" that is in the way of the worker's "${String(wanted.name)}": they differ ` +
      `in ${differs.join(', ')}. If no other program needs it, drop it: db.${collection}.dropIndex("${existing}"); the worker creates ` +
      `its own at the next start: ${JSON.stringify(wanted)}`,
  );
}

function differences(existing: ExistingIndex, { key, ...options }: IndexDescription): readonly string[] {
  const differs = OPTIONS.filter((option) => !isEqualJson(existing[option], options[option]));
  return isEqualJson(existing.key, key) ? differs : ['key', ...differs];
}

/** `false` equals absence. */
function isEqualJson(one: unknown, other: unknown): boolean {
  return JSON.stringify(one === false ? undefined : one) === JSON.stringify(other);
}

async function changeExpiry<Stored extends Document>(
  collection: Collection<Stored>,
  { name, expireAfterSeconds }: IndexDescription,
): Promise<void> {
  const { collectionName, db } = collection;
  const change = { collMod: collectionName, index: { name, expireAfterSeconds } };
  try {
    // The driver adds no write concern to this kind of command.
    await db.command({ ...change, writeConcern: { w: 'majority', j: true, wtimeout: db.writeConcern?.wtimeoutMS } });
  } catch (error) {
    if (!isUnauthorized(error)) throw error;
    throw new StoreMismatchError(
      `the index "${String(name)}" of the collection ${collectionName} has another time than RETENTION_SECONDS, and the database user ` +
        `lacks the right to change it. Grant collMod on the collection (the role dbAdmin has it), or run db.runCommand(${JSON.stringify(change)}), or set RETENTION_SECONDS to its previous value`,
    );
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof MongoServerError && CONFLICTS.has(error.code);
}

/** CannotCreateIndex: mongos refuses a unique index whose first fields are not the shard key. */
function isUnshardable(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === 67 && /shard key/i.test(error.message);
}

function shardedMismatch(collectionName: string): StoreMismatchError {
  return new StoreMismatchError(
    `the collection ${collectionName} is sharded, so it cannot have the unique index that creates need: ` +
      'set MONGODB_SHARDED=true (docs/sharding.md)',
  );
}

function notUnique(error: unknown, collectionName: string): StoreMismatchError | undefined {
  if (!isDuplicateKey(error) && !(error instanceof MongoServerError && NOT_UNIQUE.test(error.message)))
    return undefined;
  return new StoreMismatchError(
    `a unique index of the collection ${collectionName} cannot be created: documents share a value of its field (created_by of contacts). ` +
      'Find them with an aggregation that groups by this field, and remove the field from all but one of each group',
  );
}
