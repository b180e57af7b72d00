import type { Contact, ContactId } from '../contacts/contact.ts';
import type { ItemDefectError } from '../contacts/repository.ts';
import { contactIdOf } from './contact-ids.ts';
import { contactOf, READ_FIELDS, type StoredContact } from './stored-contact.ts';
import { NOT_DELETED, type Collections } from './documents.ts';

/**
 * Returns the contacts with these ids: `undefined` for one that does not exist or was deleted,
 * `ItemDefectError` for a document that is not a contact.
 */
export async function getContacts(
  { contacts }: Collections,
  ids: readonly ContactId[],
): Promise<readonly (Contact | ItemDefectError | undefined)[]> {
  const found = await contacts
    .find<StoredContact>({ _id: { $in: ids }, ...NOT_DELETED }, { projection: READ_FIELDS, batchSize: ids.length + 1 })
    .toArray();
  const byId = new Map(found.map((document) => [contactIdOf(document._id), contactOf(document)]));
  return ids.map((id) => byId.get(id));
}
