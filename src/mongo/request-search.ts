import type { Collection, Db, Document, Filter } from 'mongodb';

import { prefixRange } from './applied-keys.ts';
import type { TlsFiles } from '../files/tls-files.ts';
import { createClient, databaseOf, DEFAULT_LIMITS } from './connection/client.ts';
import { collectionOf } from './attempt-ledger.ts';
import { contactIdOf, COUNTER } from './contact-ids.ts';
import { collectionsOf } from './documents.ts';

/** One effect, or one recorded attempt, of a request. Holds nothing of a contact but its number. */
interface RequestTrace {
  readonly kind: 'created' | 'updated' | 'deleted' | 'attempted' | 'failed';
  readonly contactId?: number;
  readonly at?: Date;
  readonly starts?: number;
  readonly lastError?: string;
}

interface RequestSearch {
  /** Rejects where the database does not answer in time. */
  find(keyPrefix: string): Promise<RequestTrace[]>;
  close(): Promise<void>;
}

/** Traces that one search returns, at most, of each kind. */
const MAX_TRACES = 20;

/**
 * Finds what the database knows of requests by the beginning of their key. Read-only. Updates and
 * deletes have no index of their own: their search reads the whole collection, within the time
 * limit.
 */
export function openRequestSearch(url: string, timeoutMs: number, tls?: TlsFiles): RequestSearch {
  const limits = { ...DEFAULT_LIMITS, connectMs: timeoutMs, answerMs: timeoutMs, poolSize: 4 };
  const client = createClient(url, limits, tls);
  const db = databaseOf(client, limits);
  return {
    find: (keyPrefix) => find(db, keyPrefix, Math.floor(timeoutMs * 0.75)),
    close: () => client.close(),
  };
}

async function find(db: Db, keyPrefix: string, maxTimeMS: number): Promise<RequestTrace[]> {
  const { contacts, archivedKeys } = collectionsOf(db);
  const range = prefixRange(keyPrefix);
  const first = <T extends Document>(
    from: Collection<T>,
    filter: Filter<T>,
    projection: Document,
  ): Promise<Document[]> => from.find(filter, { projection, maxTimeMS, limit: MAX_TRACES }).toArray();
  const attempts = collectionOf(db);
  const [created, claimed, updated, deleted, archived, attempted] = await Promise.all([
    first(contacts, { created_by: range }, { created_at: 1 }),
    createdByClaim(db, range, maxTimeMS),
    first(contacts, { applied: { $elemMatch: range } }, { _id: 1 }),
    first(contacts, { deleted_by: range }, { deleted_at: 1 }),
    first(archivedKeys, { _id: range }, { contact_id: 1, at: 1 }),
    first(attempts, { _id: range }, { starts: 1, unended: 1, failed: 1, attempts: 1, last_at: 1, last_error: 1 }),
  ]);
  return [
    ...distinct([...created, ...claimed]).map(({ _id, created_at }) => trace('created', _id, created_at)),
    ...updated.map(({ _id }) => trace('updated', _id, undefined)),
    ...archived.map(({ contact_id, at }) => trace('updated', contact_id, at)),
    ...deleted.map(({ _id, deleted_at }) => trace('deleted', _id, deleted_at)),
    ...attempted.map(attemptTrace),
  ];
}

/**
 * The contacts of claims; none where creates need no claims, so that the user needs no right on
 * them. Where there are claims, contacts have no index on the key of their create,
 * and the search for it may exceed its time.
 */
async function createdByClaim(db: Db, range: ReturnType<typeof prefixRange>, maxTimeMS: number): Promise<Document[]> {
  const { contacts, claims, counters } = collectionsOf(db);
  if ((await counters.findOne(COUNTER, { maxTimeMS }))?.claims === undefined) return [];
  const found = await claims.find({ _id: range }, { maxTimeMS, limit: MAX_TRACES }).toArray();
  if (found.length === 0) return [];
  const keys = new Set(found.map(({ _id }) => _id));
  const ids = found.map(({ contact_id }) => contact_id);
  const projection = { created_by: 1, created_at: 1 };
  const documents = await contacts.find({ _id: { $in: ids } }, { projection, maxTimeMS }).toArray();
  return documents.filter(({ created_by }) => created_by !== undefined && keys.has(created_by));
}

function distinct(documents: readonly Document[]): readonly Document[] {
  return [...new Map(documents.map((document) => [contactIdOf(document['_id']), document])).values()];
}

function trace(kind: RequestTrace['kind'], id: unknown, at: unknown): RequestTrace {
  const contactId = contactIdOf(id);
  return { kind, ...(contactId !== undefined && { contactId }), ...(at instanceof Date && { at }) };
}

function attemptTrace({ starts, unended, attempts, last_at, last_error }: Document): RequestTrace {
  const named = Array.isArray(starts) ? starts.length : 0;
  const found = {
    starts: named + (typeof unended === 'number' ? unended : 0),
    ...(last_at instanceof Date && { at: last_at }),
  };
  if (attempts === undefined) return { kind: 'attempted', ...found };
  return { kind: 'failed', ...found, ...(typeof last_error === 'string' && { lastError: last_error }) };
}
