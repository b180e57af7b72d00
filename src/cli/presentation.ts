import Table from 'cli-table3';
import { escapeControls } from '../dead-letters/terminal-text.ts';

import { encode } from '../codec/encode.ts';
import { contactElement, contactIdElement } from '../methods/contact-element.ts';
import { ok } from '../protocol/response.ts';
import type { Contact } from '../client/index.ts';
import type { OutputFormat } from './options.ts';

/** A contact with the names and the order of the wire. */
export function wireContact(contact: Contact): {
  readonly contact_id: number;
  readonly first_name: string;
  readonly last_name: string;
  readonly email: string;
  readonly phone: string;
  readonly mobile_phone: string;
} {
  return {
    contact_id: contact.contactId,
    first_name: contact.firstName,
    last_name: contact.lastName,
    email: contact.email,
    phone: contact.phone,
    mobile_phone: contact.mobilePhone,
  };
}

/** One contact, as `get` shows it. */
export function contactText(contact: Contact, output: OutputFormat): string {
  const fields = wireContact(contact);
  if (output === 'json') return `${JSON.stringify(fields)}\n`;
  if (output === 'xml') return answerText([contactElement(elementFields(contact))]);
  return tableText(
    undefined,
    Object.entries(fields).map(([name, value]) => [name, String(value)]),
  );
}

/** The answer document with these contacts, as a worker writes it. */
export function contactsAnswer(contacts: readonly Contact[]): string {
  return answerText(contacts.map((contact) => contactElement(elementFields(contact))));
}

const HEAD = ['CONTACT_ID', 'FIRST_NAME', 'LAST_NAME', 'EMAIL', 'PHONE', 'MOBILE_PHONE'];

/** A table of contacts; without its head where it continues another. */
export function contactsTable(contacts: readonly Contact[], withHead: boolean): string {
  const rows = contacts.map((contact) => Object.values(wireContact(contact)).map(String));
  return tableText(withHead ? HEAD : undefined, rows);
}

/** What a write answers. */
export function writtenText(contactId: number, repeated: boolean, output: OutputFormat, withId: boolean): string {
  if (output === 'json') return `${JSON.stringify({ contact_id: contactId, repeated })}\n`;
  if (output === 'xml') return answerText(withId ? [contactIdElement(contactId)] : []);
  return `${contactId}\n`;
}

function answerText(content: Parameters<typeof ok>[0]): string {
  return `${encode(ok(content)).toString('utf8')}\n`;
}

function elementFields(contact: Contact): Parameters<typeof contactElement>[0] {
  // client_id is not answered, and no element is made of it.
  return { ...wireContact(contact), client_id: 0 };
}

const NO_LINES = Object.fromEntries(
  [
    'top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right',
    'left left-mid mid mid-mid right right-mid middle',
  ]
    .flatMap((names) => names.split(' '))
    .map((name) => [name, name === 'middle' ? '  ' : '']),
);

/** Columns without lines, as other tools print them. Cells lose what could steer a terminal. */
export function tableText(head: readonly string[] | undefined, rows: readonly (readonly string[])[]): string {
  const table = new Table({
    chars: NO_LINES,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
  });
  if (head !== undefined) table.push([...head]);
  for (const row of rows) table.push(row.map(escapeControls));
  if (table.length === 0) return '';
  return `${table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}\n`;
}
