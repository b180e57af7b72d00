import type { ContactFields } from '../contacts/contact.ts';
import type { StoreDefectError } from '../protocol/errors.ts';
import { duplicateItemsIn, rejectedItemsIn } from './connection/errors.ts';
import { fieldsToStore, type Collections, type ContactDocument } from './documents.ts';

/** What an insert of contacts left out: `rejectedItemsIn`, and which of them are duplicates. */
interface LeftOut {
  readonly rejected: ReadonlyMap<number, StoreDefectError | undefined>;
  readonly duplicates: ReadonlySet<number>;
}

/** A contact as its create stores it, under the key of the request. */
export function newContact(id: number, key: string, fields: ContactFields, now: Date): ContactDocument {
  return {
    _id: id,
    ...fieldsToStore(fields),
    created_by: key,
    applied: [],
    created_at: now,
    updated_at: now,
  };
}

/** Inserts contacts; those that collide do not affect the others. */
export async function insertContacts(
  { contacts }: Collections,
  documents: readonly ContactDocument[],
): Promise<LeftOut> {
  try {
    await contacts.insertMany(documents, { ordered: false });
    return { rejected: new Map(), duplicates: new Set() };
  } catch (error) {
    return { rejected: rejectedItemsIn('create contacts', error), duplicates: duplicateItemsIn(error) };
  }
}
