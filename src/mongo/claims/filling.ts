import type { AnyBulkWriteOperation } from 'mongodb';

import type { TlsFiles } from '../../files/tls-files.ts';
import { StoreMismatchError } from '../../protocol/errors.ts';
import { pause } from '../../time/retry.ts';
import { changeClaims, contactsOf, findClaims, insertClaims, markDeleted, NEVER_USABLE, statesOf } from './claims.ts';
import { createClient, databaseOf, DEFAULT_LIMITS } from '../connection/client.ts';
import { translateErrors } from '../connection/errors.ts';
import { CONTACT_IDS, contactIdOf, COUNTER, nextId, raiseCounter } from '../contact-ids.ts';
import { collectionsOf, type ClaimDocument, type Collections, type ContactDocument } from '../documents.ts';
import { retentionInUse } from '../indexes.ts';

/** Documents read and written at once. */
const PAGE = 1_000;

/** What a run found and did. */
interface FilledClaims {
  /** Contacts that a request created, tombstones included. */
  readonly contacts: number;
  /** Claims that contacts did not have, or that named another contact. */
  readonly added: number;
  /** Claims whose deleted contact had not been recorded. */
  readonly marked: number;
  /** Claims that no contact ever used, and no repeat will. */
  readonly removed: number;
}

export interface FillSettings {
  /** How long a create may still run at a worker that writes no claims. */
  readonly waitMs: number;
  readonly tls?: TlsFiles | undefined;
  /** Ends the run between two pages. It may run again at any time. */
  readonly stop: AbortSignal;
}

/**
 * Gives every contact its claim, so that the unique index is no longer needed, then removes claims
 * that nothing needs. Idempotent; workers with MONGODB_SHARDED=true may run meanwhile, others create
 * no more contacts. Rejects with `UnavailableError` or `StoreDefectError`.
 */
export async function fillClaims(url: string, settings: FillSettings): Promise<FilledClaims> {
  const client = createClient(url, { ...DEFAULT_LIMITS, poolSize: 4 }, settings.tls);
  const db = databaseOf(client, DEFAULT_LIMITS);
  const collections = collectionsOf(db);
  try {
    return await translateErrors('fill the claims', async () => {
      const retentionMs = 1_000 * (await retentionOf(collections));
      await beginFilling(collections, settings);
      const filled = await fill(collections, retentionMs, settings.stop);
      await completeFilling(collections);
      return { ...filled, ...(await sweep(collections, retentionMs, settings.stop)) };
    });
  } finally {
    await client.close();
  }
}

/** RETENTION_SECONDS of the workers, as their indexes have it. */
async function retentionOf({ claims }: Collections): Promise<number> {
  const retention = await retentionInUse(claims);
  if (retention !== undefined) return retention;
  throw new StoreMismatchError(
    'no worker with MONGODB_SHARDED=true has prepared this database: set it for all workers and restart them, then run this',
  );
}

/** Stops workers without claims from creating contacts, and waits until their last creates have ended. */
async function beginFilling(collections: Collections, { waitMs, stop }: FillSettings): Promise<void> {
  const { counters } = collections;
  await raiseCounter(collections);
  const begin = { claims: 'filling', claims_since: new Date() } as const;
  await counters.updateOne({ ...COUNTER, claims: { $exists: false } }, { $set: begin });
  const counter = await counters.findOne(COUNTER);
  if (counter?.claims === 'complete') return;
  const since = counter?.claims_since instanceof Date ? counter.claims_since.getTime() : Date.now();
  await pause(Math.max(0, since + waitMs - Date.now()), stop);
}

async function completeFilling({ counters }: Collections): Promise<void> {
  await counters.updateOne({ ...COUNTER, claims: 'filling' }, { $set: { claims: 'complete' } });
  if ((await counters.findOne(COUNTER))?.claims === 'complete') return;
  throw new StoreMismatchError(
    'a worker without MONGODB_SHARDED=true started while claims were added: set it for all workers, restart them, and run this again',
  );
}

type KeyedContact = Pick<ContactDocument, '_id' | 'created_by' | 'deleted_at'>;

/** Adds the claims that are missing, in the order of contact_ids. */
async function fill(
  collections: Collections,
  retentionMs: number,
  stop: AbortSignal,
): Promise<Pick<FilledClaims, 'contacts' | 'added'>> {
  const projection = { created_by: 1, deleted_at: 1 };
  let [contacts, added] = [0, 0];
  // As stored: another program's _id may be a fraction.
  let last = 0;
  for (;;) {
    stop.throwIfAborted();
    const page: KeyedContact[] = await collections.contacts
      .find({ _id: { ...CONTACT_IDS, $gt: last } }, { projection, sort: { _id: 1 }, limit: PAGE, hint: { _id: 1 } })
      .toArray();
    const keyed = page.filter(({ created_by }) => typeof created_by === 'string');
    contacts += keyed.length;
    added += await addClaims(collections, keyed, retentionMs);
    last = page.at(-1)?._id ?? last;
    if (page.length < PAGE) return { contacts, added };
  }
}

async function addClaims(
  collections: Collections,
  contacts: readonly KeyedContact[],
  retentionMs: number,
): Promise<number> {
  const wanted = contacts.map(claimOf);
  if (wanted.length === 0) return 0;
  const rejected = await insertClaims(collections, wanted);
  for (const defect of rejected.values()) if (defect !== undefined) throw defect;
  const byKey = new Map(wanted.filter((_, i) => rejected.has(i)).map((claim) => [claim._id, claim.contact_id]));
  const existing = await findClaims(collections, [...byKey.keys()]);
  const others = existing.filter(({ _id, contact_id }) => contact_id !== byKey.get(_id));
  const states = await statesOf(collections, others, retentionMs);
  const changes = others
    .filter((claim) => states.get(claim) !== 'done')
    .map((claim) => ({ claim, contact_id: byKey.get(claim._id) ?? claim.contact_id, at: NEVER_USABLE }));
  await changeClaims(collections, changes, { below: await nextId(collections), retentionMs });
  return wanted.length - rejected.size + changes.length;
}

function claimOf({ _id, created_by, deleted_at }: KeyedContact): ClaimDocument {
  const claim = { _id: String(created_by), contact_id: contactIdOf(_id) ?? _id, at: NEVER_USABLE };
  return { ...claim, ...(deleted_at instanceof Date && { deleted_at }) };
}

/** Marks the claims of deleted contacts that were missed, and removes those that nothing needs. */
async function sweep(
  collections: Collections,
  retentionMs: number,
  stop: AbortSignal,
): Promise<Pick<FilledClaims, 'marked' | 'removed'>> {
  // No worker uses a claim of half the retention; twice it leaves room for clocks and slow processes.
  const unusedSince = Date.now() - 2 * retentionMs;
  let [marked, removed, last] = [0, 0, ''];
  for (;;) {
    stop.throwIfAborted();
    const page = await collections.claims
      .find({ _id: { $gt: last } }, { sort: { _id: 1 }, limit: PAGE, hint: { _id: 1 } })
      .toArray();
    const open = page.filter(({ deleted_at }) => deleted_at === undefined);
    const contacts = await contactsOf(collections, open);
    const own = ({ _id, contact_id }: ClaimDocument): KeyedContact | undefined => {
      const contact = contacts.get(contact_id);
      return contact?.created_by === _id ? contact : undefined;
    };
    const deleted = open.flatMap((claim) => (own(claim)?.deleted_at === undefined ? [] : (own(claim) ?? [])));
    await markDeleted(collections, deleted, new Date());
    marked += deleted.length;
    removed += await removeClaims(
      collections,
      open.filter((claim) => own(claim) === undefined && claim.at instanceof Date && claim.at.getTime() < unusedSince),
    );
    last = page.at(-1)?._id ?? last;
    if (page.length < PAGE) return { marked, removed };
  }
}

/** Removes claims, each only if nobody changed it since it was read. Returns how many. */
async function removeClaims({ claims }: Collections, unused: readonly ClaimDocument[]): Promise<number> {
  if (unused.length === 0) return 0;
  const writes = unused.map(({ _id, contact_id, at }): AnyBulkWriteOperation<ClaimDocument> => ({
    deleteOne: { filter: { _id: { $eq: _id }, contact_id: { $eq: contact_id }, at: { $eq: at } } },
  }));
  return (await claims.bulkWrite(writes, { ordered: false })).deletedCount;
}
