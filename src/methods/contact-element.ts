import type { Contact, ContactId } from '../contacts/contact.ts';
import type { ResponseElement } from '../protocol/response.ts';

/** A contact in an answer: always all six elements, in this order. Answers omit client_id. */
export function contactElement(contact: Contact): ResponseElement {
  const { first_name, last_name, email, phone, mobile_phone } = contact;
  return {
    name: 'contact',
    content: [
      contactIdElement(contact.contact_id),
      { name: 'first_name', content: first_name },
      { name: 'last_name', content: last_name },
      { name: 'email', content: email },
      { name: 'phone', content: phone },
      { name: 'mobile_phone', content: mobile_phone },
    ],
  };
}

/** `<contact_id>` with its decimal digits. */
export function contactIdElement(id: ContactId): ResponseElement {
  return { name: 'contact_id', content: String(id) };
}

/** The format of `contactElement` for contacts that are encoded as rows. */
export const CONTACT_ROWS = {
  name: 'contact',
  columns: ['contact_id', 'first_name', 'last_name', 'email', 'phone', 'mobile_phone'],
} as const;
