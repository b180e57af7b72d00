import type { Contact } from '../contacts/contact.ts';
import { ItemDefectError } from '../contacts/repository.ts';
import { contactIdOf } from './contact-ids.ts';

/**
 * The fields read from a contact's document, unchecked: other programs write to the collection,
 * too.
 */
export type StoredContact = Readonly<Record<'_id' | keyof typeof READ_FIELDS, unknown>>;

export const READ_FIELDS = { client_id: 1, first_name: 1, last_name: 1, email: 1, phone: 1, mobile_phone: 1 } as const;

/**
 * Returns the contact in a document, or the reason why another program's document is not a contact.
 */
export function contactOf(document: StoredContact): Contact | ItemDefectError {
  const contact_id = contactIdOf(document._id);
  if (contact_id === undefined)
    return new ItemDefectError('a document in the collection contacts has an _id that is not a contact_id');
  const { first_name, last_name, email } = document;
  const client_id = contactIdOf(document.client_id);
  const [phone, mobile_phone] = [document.phone ?? '', document.mobile_phone ?? ''];
  if (client_id === undefined) return malformed(contact_id, 'client_id');
  if (!isText(first_name)) return malformed(contact_id, 'first_name');
  if (!isText(last_name)) return malformed(contact_id, 'last_name');
  if (!isText(email)) return malformed(contact_id, 'email');
  if (!isText(phone)) return malformed(contact_id, 'phone');
  if (!isText(mobile_phone)) return malformed(contact_id, 'mobile_phone');
  return { contact_id, client_id, first_name, last_name, email, phone, mobile_phone };
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function malformed(contact_id: number, field: string): ItemDefectError {
  return new ItemDefectError(
    `the document of contact ${contact_id} is no contact: ${field} is missing, of another type or not UTF-8`,
  );
}
