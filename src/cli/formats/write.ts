import type { Contact } from '../../client/index.ts';
import type { FileFormat } from '../options.ts';
import { contactsAnswer, wireContact } from '../presentation.ts';

/** Writes contacts as a file of one format. */
export interface ContactWriter {
  readonly head: string;
  readonly contact: (contact: Contact) => string;
  readonly tail: string;
}

/** Columns and members of an export, without client_id. */
const NAMES = ['contact_id', 'first_name', 'last_name', 'email', 'phone', 'mobile_phone'];

/** `clientId` is written with each contact where it is known: answers do not hold it. */
export async function writerOf(format: FileFormat, clientId: number | undefined): Promise<ContactWriter> {
  const fields = (contact: Contact): Record<string, string | number> => ({
    ...wireContact(contact),
    ...(clientId !== undefined && { client_id: clientId }),
  });
  if (format === 'csv') {
    const { csvLine, withoutFormula } = await import('./csv.ts');
    const head = csvLine(clientId === undefined ? NAMES : [...NAMES, 'client_id'], ',');
    const cells = (contact: Contact): string[] =>
      Object.values(fields(contact)).map((value) => withoutFormula(String(value)));
    return { head, contact: (contact) => csvLine(cells(contact), ','), tail: '' };
  }
  if (format === 'vcf') {
    const { cardText } = await import('./vcf.ts');
    return { head: '', contact: (contact) => cardText(fields(contact)), tail: '' };
  }
  if (format === 'ndjson') {
    return { head: '', contact: (contact) => `${JSON.stringify(fields(contact))}\n`, tail: '' };
  }
  const head = '<?xml version="1.0" encoding="UTF-8"?>\n<contacts>\n';
  return { head, contact: (contact) => contactElementText(contact, clientId), tail: '</contacts>\n' };
}

const START = '<contact>';

/** The element as an answer has it, with client_id at its start where it is known. */
function contactElementText(contact: Contact, clientId: number | undefined): string {
  const answer = contactsAnswer([contact]);
  const element = answer.slice(answer.indexOf(START) + START.length, answer.lastIndexOf('</response>'));
  return `${START}${clientId === undefined ? '' : `<client_id>${clientId}</client_id>`}${element}\n`;
}
