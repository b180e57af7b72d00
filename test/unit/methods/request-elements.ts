import fc from 'fast-check';

import { encodeRows } from '../../../src/codec/encode.ts';
import type { ContactRepository } from '../../../src/contacts/repository.ts';
import { apiMethods } from '../../../src/methods/index.ts';
import type { Method, Read } from '../../../src/protocol/method.ts';
import type { XmlElement } from '../../../src/protocol/request.ts';

/** An element with text, or with elements. */
export function element(name: string, content: string | readonly XmlElement[] = ''): XmlElement {
  const text = typeof content === 'string' ? content : '\n  ';
  return { name, attributes: [], children: typeof content === 'string' ? [] : content, text };
}

/** Elements with text, from name and value. */
export function elements(fields: readonly (readonly [name: string, text: string])[]): XmlElement[] {
  return fields.map(([name, text]) => element(name, text));
}

// Reading a request never uses the store; a test that does fails.
const noStore = {} as ContactRepository;

export function methodNamed(name: string, listMaxPerPage = 1000): Method {
  const method = apiMethods(noStore, { listMaxPerPage, encodeRows }).find((one) => one.name === name);
  if (method === undefined) throw new Error(`there is no method ${name}`);
  return method;
}

/** The problems of a request as `field: message`, in order; throws if there are none. */
export function problemsOf(read: Read<unknown>): string[] {
  if (read.valid) throw new Error('the request was accepted');
  return read.faults.map(({ code, field, message }) => {
    if (code !== 'INVALID_PARAMS') throw new Error(`unexpected ${code}`);
    return `${field}: ${message}`;
  });
}

/** Any Unicode character; often one that needs escaping or trimming. */
export const anyCharacter: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(' ', '\t', '\r', '\n', '\u00a0', '&', '<', '@', '$', '.'),
  fc
    .oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }))
    .map((code) => String.fromCodePoint(code)),
);

/** The fields of a valid request, with an empty phone. */
export const JANE = [
  ['client_id', '1'],
  ['first_name', 'Jane'],
  ['last_name', 'Doe'],
  ['email', 'janedoe@janedoe.com'],
  ['phone', '(123) 456-7890'],
  ['mobile_phone', ''],
] as const;

/** A request's body with one `<contact>` of these fields. */
export const contact = (fields: readonly (readonly [string, string])[]): XmlElement[] => [
  element('contact', elements(fields)),
];
export const without = (name: string): (readonly [string, string])[] => JANE.filter(([field]) => field !== name);
export const changed = (name: string, text: string): (readonly [string, string])[] =>
  JANE.map(([field, value]) => [field, field === name ? text : value] as const);

/** The request's subject; throws if the request is invalid. */
export function subjectOf(method: Method, body: readonly XmlElement[]): string | undefined {
  const read = method.read(body);
  if (!read.valid) throw new Error('the request was rejected');
  return method.subject?.(read.command);
}
