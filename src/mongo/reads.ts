import type { Buffer } from 'node:buffer';

import type { Filter } from 'mongodb';

import type { Contact, ContactId } from '../contacts/contact.ts';
import type { ItemDefectError } from '../contacts/repository.ts';
import { contactIdOf } from './contact-ids.ts';
import { NOT_DELETED, type Collections, type ContactDocument } from './documents.ts';
import { readListed } from './listed-documents.ts';
import { readAtOnce } from './one-answer.ts';
import { contactOf, READ_FIELDS } from './stored-contact.ts';

/**
 * Returns the contacts with these ids: `undefined` for one that does not exist or was deleted,
 * `ItemDefectError` for a document that is not a contact.
 */
export async function getContacts(
  { contacts }: Collections,
  ids: readonly ContactId[],
): Promise<readonly (Contact | ItemDefectError | undefined)[]> {
  const found = await findByIds(contacts, ids);
  const documents = found.map((bytes) => readListed(bytes));
  const byId = new Map(documents.map((document) => [contactIdOf(document._id), contactOf(document)]));
  return ids.map((id) => byId.get(id));
}

async function findByIds(contacts: Collections['contacts'], ids: readonly ContactId[]): Promise<readonly Buffer[]> {
  const filter: Filter<ContactDocument> = { _id: { $in: [...ids] }, ...NOT_DELETED };
  // One more than there are: the answer then ends the cursor.
  const batchSize = ids.length + 1;
  const found = await readAtOnce(contacts, {
    find: contacts.collectionName,
    filter,
    projection: READ_FIELDS,
    batchSize,
  });
  return found ?? contacts.find<Buffer>(filter, { projection: READ_FIELDS, batchSize, raw: true }).toArray();
}
