import type { Collection, Db, Document } from 'mongodb';

import type { ContactChanges, ContactFields } from '../contacts/contact.ts';

/**
 * A contact as it is stored (docs/decisions/0005-documents-and-keys.md). An absent phone means:
 * none. Some stored names differ from the code's terms; databases hold them, so they stay:
 * `applied` holds the applied keys, `moved_out` counts archivals of keys.
 */
export interface ContactDocument {
  /** The contact_id. */
  readonly _id: number;
  readonly client_id?: number;
  readonly first_name?: string;
  readonly last_name?: string;
  readonly email?: string;
  /** The e-mail address in lower case, for the filter of lists. */
  readonly email_key?: string;
  readonly phone?: string;
  readonly mobile_phone?: string;
  /** The key of the request that created the contact. */
  readonly created_by?: string;
  /** The keys of the latest updates, oldest first. */
  readonly applied?: readonly string[];
  /** How often keys were archived; absent if never. */
  readonly moved_out?: number;
  /**
   * The mark of the batch that wrote last: tells an effect of this run from one of an earlier run.
   */
  readonly last_batch?: string;
  readonly created_at?: Date;
  readonly updated_at?: Date;
  /** Set on tombstones, which remain of deleted contacts until their retention ends. */
  readonly deleted_at?: Date;
  readonly deleted_by?: string;
}

/** The key of an update that its contact no longer holds; stored in the collection `effects`. */
export interface ArchivedKeyDocument {
  readonly _id: string;
  readonly contact_id: number;
  /** Indexed with a TTL. */
  readonly at: Date;
}

/**
 * The contact_id that a create has reserved, stored in the collection `create_claims` before the
 * contact. Only sharded databases have claims (docs/sharding.md).
 */
export interface ClaimDocument {
  /** The key of the request. */
  readonly _id: string;
  readonly contact_id: number;
  /** When the id was reserved. */
  readonly at: Date;
  /** When the contact was deleted. Indexed with a TTL. */
  readonly deleted_at?: Date;
}

/** A source of numbers that are used once. */
export interface CounterDocument {
  readonly _id: string;
  /** The next number to reserve. */
  readonly next: number;
  /**
   * Whether each contact has its claim: `filling` while claims are added to contacts that had none.
   * Its presence stops workers that write no claims from creating contacts.
   */
  readonly claims?: 'filling' | 'complete';
  /** When `claims` was first set. */
  readonly claims_since?: Date;
}

export interface Collections {
  readonly contacts: Collection<ContactDocument>;
  readonly counters: Collection<CounterDocument>;
  readonly archivedKeys: Collection<ArchivedKeyDocument>;
  readonly claims: Collection<ClaimDocument>;
}

export function collectionsOf(db: Db): Collections {
  return {
    contacts: db.collection('contacts'),
    counters: db.collection('counters'),
    // Named before the code called them archived keys.
    archivedKeys: db.collection('effects'),
    claims: db.collection('create_claims'),
  };
}

/** A filter for live contacts. */
export const NOT_DELETED = { deleted_at: { $exists: false } } as const;

/** The fields that come from requests. */
export const CHANGEABLE = [
  'client_id',
  'first_name',
  'last_name',
  'email',
  'email_key',
  'phone',
  'mobile_phone',
] as const satisfies readonly (keyof ContactDocument)[];

/** The fields that a tombstone keeps of its contact. No other field survives, whoever wrote it. */
export const TOMBSTONE_FIELDS = [
  '_id',
  'created_by',
  'applied',
  'moved_out',
] as const satisfies readonly (keyof ContactDocument)[];

/** These fields are removed when a request sets them to empty text. */
const PHONES = ['phone', 'mobile_phone'] as const;

/** The fields that a new contact's document gets from the request. */
export function fieldsToStore(fields: ContactFields): Partial<ContactDocument> {
  const { phone, mobile_phone, ...mandatory } = valuesToStore(fields);
  return { ...mandatory, ...(isGiven(phone) && { phone }), ...(isGiven(mobile_phone) && { mobile_phone }) };
}

function isGiven(text: string | undefined): boolean {
  return text !== undefined && text !== '';
}

/** The values that changes write to a contact's document. `clearedPhones` removes empty phones. */
export function valuesToStore(changes: ContactChanges): Partial<ContactDocument> {
  return { ...changes, ...(changes.email !== undefined && { email_key: emailKey(changes.email) }) };
}

/** The update stages that remove empty phones after these values are set; none if none is empty. */
export function clearedPhones(changes: readonly Partial<ContactDocument>[]): Document[] {
  const cleared = PHONES.filter((phone) => changes.some((change) => change[phone] === ''));
  if (cleared.length === 0) return [];
  return cleared.map((phone) => ({
    $set: { [phone]: { $cond: [{ $eq: [`$${phone}`, ''] }, '$$REMOVE', `$${phone}`] } },
  }));
}

/** Equal for addresses that differ only in case. */
export function emailKey(email: string): string {
  return email.toLowerCase();
}
