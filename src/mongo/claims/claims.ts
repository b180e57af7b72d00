import type { AnyBulkWriteOperation } from 'mongodb';

import type { IdempotencyKey } from '../../contacts/repository.ts';
import type { StoreDefectError } from '../../protocol/errors.ts';
import { matchesKey, prefixRange } from '../applied-keys.ts';
import { contactIdOf } from '../contact-ids.ts';
import type { ClaimDocument, Collections, ContactDocument } from '../documents.ts';
import { duplicatesIn, rejectedItemsIn } from '../connection/errors.ts';

/** What a contact's document says of its claim. */
type ClaimedContact = Pick<ContactDocument, '_id' | 'created_by'>;

/**
 * What a claim means. `done`: its contact was created, and perhaps deleted since. `open`: no contact
 * was created under it, and its id may be used. `void`: its id must not be used.
 */
export type ClaimState = 'done' | 'open' | 'void';

/** Returns the claims of these keys. */
export async function findClaims({ claims }: Collections, keys: readonly string[]): Promise<readonly ClaimDocument[]> {
  return keys.length === 0 ? [] : claims.find({ _id: { $in: keys } }, { batchSize: keys.length + 1 }).toArray();
}

/** Returns the claims of earlier deliveries of each key that has a prefix, the lowest ids first. */
export async function findClaimsByPrefix(
  { claims }: Collections,
  keys: readonly IdempotencyKey[],
): Promise<ReadonlyMap<IdempotencyKey, readonly ClaimDocument[]>> {
  const prefixes = new Set(keys.flatMap(({ earlier }) => earlier ?? []));
  if (prefixes.size === 0) return new Map();
  const ranges = [...prefixes].map((prefix) => ({ _id: prefixRange(prefix) }));
  const found = await claims.find({ $or: ranges }).toArray();
  found.sort((one, other) => one.contact_id - other.contact_id);
  return new Map(keys.map((key) => [key, found.filter(({ _id }) => matchesKey(key, _id))]));
}

/** Inserts claims; returns the indexes of those that were not written, see `rejectedItemsIn`. */
export async function insertClaims(
  { claims }: Collections,
  documents: readonly ClaimDocument[],
): Promise<ReadonlyMap<number, StoreDefectError | undefined>> {
  try {
    await claims.insertMany(documents, { ordered: false });
    return new Map();
  } catch (error) {
    return rejectedItemsIn('create contacts', error);
  }
}

/**
 * A claim is used for half the retention. A deleted contact's tombstone remains for the whole
 * retention after the delete, so a younger claim without any document never had a contact. The other
 * half is the margin for clocks that differ and for a process that was suspended.
 */
export function isUsable({ at }: ClaimDocument, retentionMs: number): boolean {
  return at instanceof Date && Math.abs(Date.now() - at.getTime()) < retentionMs / 2;
}

/** Returns the state of each claim, from the documents of the contacts. */
export async function statesOf(
  collections: Collections,
  found: readonly ClaimDocument[],
  retentionMs: number,
): Promise<ReadonlyMap<ClaimDocument, ClaimState>> {
  const contacts = await contactsOf(collections, found);
  return new Map(found.map((claim) => [claim, stateOf(claim, contacts.get(claim.contact_id), retentionMs)]));
}

function stateOf(claim: ClaimDocument, contact: ClaimedContact | undefined, retentionMs: number): ClaimState {
  if (contactIdOf(claim.contact_id) === undefined) return 'void';
  if (claim.deleted_at !== undefined || contact?.created_by === claim._id) return 'done';
  // The document of another request, or one that `voidIds` left.
  if (contact !== undefined) return 'void';
  return isUsable(claim, retentionMs) ? 'open' : 'void';
}

/** The documents that have the claims' contact_ids, tombstones included. */
export async function contactsOf(
  { contacts }: Collections,
  found: readonly ClaimDocument[],
): Promise<ReadonlyMap<unknown, Pick<ContactDocument, '_id' | 'created_by' | 'deleted_at'>>> {
  const ids = found.filter(({ deleted_at }) => deleted_at === undefined).map(({ contact_id }) => contact_id);
  if (ids.length === 0) return new Map();
  const documents = await contacts
    .find({ _id: { $in: ids } }, { projection: { created_by: 1, deleted_at: 1 }, batchSize: ids.length + 1 })
    .toArray();
  return new Map(documents.map((document) => [contactIdOf(document._id), document]));
}

/**
 * Occupies the ids of claims that change, so that a worker that was suspended since it read such a
 * claim cannot create its contact any more. Ids that have a document stay as they are. The documents
 * are tombstones without a key and expire like all others.
 */
async function voidIds({ contacts }: Collections, found: readonly ClaimDocument[]): Promise<void> {
  const deleted_at = new Date();
  const ids = found.flatMap(({ contact_id }) => contactIdOf(contact_id) ?? []);
  if (ids.length === 0) return;
  const documents = ids.map((_id): ContactDocument => ({ _id, deleted_at }));
  await contacts.insertMany(documents, { ordered: false }).catch(duplicatesIn);
}

/** A claim as it was read, and the contact_id that it gets. */
export interface Reclaim {
  readonly claim: ClaimDocument;
  readonly contact_id: number;
  /** `NEVER_USABLE` where the id has a contact already, which may be deleted and about to expire. */
  readonly at: Date;
}

/** The time of claims that only name an existing contact: no contact is created under them. */
export const NEVER_USABLE = new Date(0);

/**
 * Changes the contact_id of claims, each only if nobody changed it since it was read. Occupies the
 * ids that they lose first, up to `below`: nobody has reserved the others. A claim whose contact was
 * inserted before that keeps its id.
 */
export async function changeClaims(
  collections: Collections,
  changes: readonly Reclaim[],
  { below, retentionMs }: { readonly below: number; readonly retentionMs: number },
): Promise<void> {
  if (changes.length === 0) return;
  const losing = changes.map(({ claim }) => claim);
  await voidIds(
    collections,
    losing.filter(({ contact_id }) => contact_id < below),
  );
  const states = await statesOf(collections, losing, retentionMs);
  await writeChanges(
    collections,
    changes.filter(({ claim }) => states.get(claim) !== 'done'),
  );
}

async function writeChanges({ claims }: Collections, changes: readonly Reclaim[]): Promise<void> {
  if (changes.length === 0) return;
  const writes = changes.map(({ claim, contact_id, at }): AnyBulkWriteOperation<ClaimDocument> => ({
    updateOne: {
      filter: { _id: { $eq: claim._id }, contact_id: { $eq: claim.contact_id } },
      update: { $set: { contact_id, at }, $unset: { deleted_at: '' } },
    },
  }));
  await claims.bulkWrite(writes, { ordered: false });
}

/**
 * Marks the claims of deleted contacts, so that they expire with the tombstones. A claim that was
 * missed (a crash before this call) costs its storage only; `contacts claims` finds it.
 */
export async function markDeleted(
  { claims }: Collections,
  tombstones: readonly Pick<ContactDocument, '_id' | 'created_by'>[],
  deleted_at: Date,
): Promise<void> {
  const keys = tombstones.flatMap(({ created_by }) => (typeof created_by === 'string' ? [created_by] : []));
  if (keys.length === 0) return;
  const ids = tombstones.map(({ _id }) => _id);
  await claims.updateMany(
    { _id: { $in: keys }, contact_id: { $in: ids }, deleted_at: { $exists: false } },
    { $set: { deleted_at } },
  );
}
