import type { Fields } from '../../../../chaos/journal.ts';

/** Answers as the interface defines them. */
const PROLOG = '<?xml version="1.0" encoding="UTF-8"?>';

export interface AnswerParts {
  readonly status: 'ok' | 'fail';
  readonly codes: readonly string[];
  readonly xml: string;
}

export function okAnswer(content = ''): AnswerParts {
  const response = content === '' ? '<response status="ok"/>' : `<response status="ok">${content}</response>`;
  return { status: 'ok', codes: [], xml: PROLOG + response };
}

export function failAnswer(...codes: readonly string[]): AnswerParts {
  const errors = codes.map((code) => `<error><code>${code}</code><message>said by ${code}</message></error>`);
  return { status: 'fail', codes, xml: `${PROLOG}<response status="fail">${errors.join('')}</response>` };
}

/** Returns the answer to a deadline that has passed; `clock` is an ISO time. */
export function expiredAnswer(clock: string, words = 'too late'): AnswerParts {
  const error = `<error><code>EXPIRED</code><message>${words}; the worker's clock says ${clock}</message></error>`;
  return { status: 'fail', codes: ['EXPIRED'], xml: `${PROLOG}<response status="fail">${error}</response>` };
}

export function createdAnswer(contact: number): AnswerParts {
  return okAnswer(`<contact_id>${contact}</contact_id>`);
}

/** Returns the answer to a get of one contact, or to a list. */
export function contactsAnswer(contacts: readonly (readonly [contact: number, fields: Fields])[]): AnswerParts {
  return okAnswer(contacts.map(([contact, fields]) => contactElement(contact, fields)).join(''));
}

function contactElement(contact: number, { client_id: _untold, ...shown }: Fields): string {
  const elements = Object.entries({ contact_id: String(contact), ...shown }).map(([name, text]) =>
    text === '' ? `<${name}/>` : `<${name}>${escaped(text)}</${name}>`,
  );
  return `<contact>${elements.join('')}</contact>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\r', '&#xD;');
}
