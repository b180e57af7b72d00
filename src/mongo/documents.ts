import type { Collection, Db, Document } from 'mongodb';

import type { ContactChanges, ContactFields } from '../contacts/contact.ts';

/** A contact as it is stored; see docs/decisions/0005-documents-and-keys.md. Absent phones mean: none. */
export interface ContactDocument {
  /** The contact_id. */
  readonly _id: number;
  readonly client_id?: number;
  readonly first_name?: string;
  readonly last_name?: string;
  readonly email?: string;
  /** The e-mail address in lower case, to be found by. */
  readonly email_key?: string;
  readonly phone?: string;
  readonly mobile_phone?: string;
  /** The key of the request that made it. */
  readonly created_by?: string;
  /** Keys of the last updates, oldest first. */
  readonly applied?: readonly string[];
  /** How often keys have moved out into past effects; absent where never. */
  readonly moved_out?: number;
  /** Tells the batch that wrote last, so that an effect of this run can be translateErrors from one of an earlier run. */
  readonly last_batch?: string;
  readonly created_at?: Date;
  readonly updated_at?: Date;
  /** Set on a tombstone: what is left of a deleted contact until its time is over. */
  readonly deleted_at?: Date;
  readonly deleted_by?: string;
}

/** The key of an update that its contact does not hold any more. */
export interface PastEffectDocument {
  readonly _id: string;
  readonly contact_id: number;
  /** Looked at by the TTL index. */
  readonly at: Date;
}

/** A source of numbers that are given out once. */
export interface CounterDocument {
  readonly _id: string;
  /** The number that is given out next. */
  readonly next: number;
}

export interface Collections {
  readonly contacts: Collection<ContactDocument>;
  readonly counters: Collection<CounterDocument>;
  readonly effects: Collection<PastEffectDocument>;
}

export function collectionsOf(db: Db): Collections {
  return {
    contacts: db.collection('contacts'),
    counters: db.collection('counters'),
    effects: db.collection('effects'),
  };
}

/** What a filter needs to see live contacts only. */
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

/** What is left of a deleted contact beside what its delete writes: nothing else, whoever put it there. */
export const KEPT = ['_id', 'created_by', 'applied', 'moved_out'] as const satisfies readonly (keyof ContactDocument)[];

/** Phones that are given as empty are there no longer. */
const PHONES = ['phone', 'mobile_phone'] as const;

/** The fields that a new contact's document gets from the request. */
export function fieldsToStore(fields: ContactFields): Partial<ContactDocument> {
  const { phone, mobile_phone, ...mandatory } = valuesToStore(fields);
  return { ...mandatory, ...(isGiven(phone) && { phone }), ...(isGiven(mobile_phone) && { mobile_phone }) };
}

function isGiven(text: string | undefined): boolean {
  return text !== undefined && text !== '';
}

/** The values that changes give to a contact's document; an empty phone is to go, see `clearedPhones`. */
export function valuesToStore(changes: ContactChanges): Partial<ContactDocument> {
  return { ...changes, ...(changes.email !== undefined && { email_key: emailKey(changes.email) }) };
}

/** The stages of an update by these values after which no phone is stored empty; none where none can be. */
export function clearedPhones(changes: readonly Partial<ContactDocument>[]): Document[] {
  const cleared = PHONES.filter((phone) => changes.some((change) => change[phone] === ''));
  if (cleared.length === 0) return [];
  return cleared.map((phone) => ({
    $set: { [phone]: { $cond: [{ $eq: [`$${phone}`, ''] }, '$$REMOVE', `$${phone}`] } },
  }));
}

/** Equal for addresses that differ in case only. */
export function emailKey(email: string): string {
  return email.toLowerCase();
}
