import { encodeRequest } from '../codec/encode.ts';
import { NO_METHOD } from '../protocol/catalogue.ts';
import { isLegalText, trimmed } from '../protocol/characters.ts';
import { routingKeyOf } from '../protocol/request-queues.ts';
import type { ResponseElement } from '../protocol/response.ts';
import type { ContactChanges, ContactQuery, NewContact } from './contact.ts';
import { RequestFailedError, type Problem } from './errors.ts';

/** A request document, and the method that it names. */
export interface RequestDocument {
  readonly method: string;
  readonly body: Buffer;
  /** The contact that the request is about, where it is about one that exists. */
  readonly contactId?: number | undefined;
}

/** The wire's name of each field, in the order of the documents. */
const WIRE_NAMES = {
  clientId: 'client_id',
  contactId: 'contact_id',
  firstName: 'first_name',
  lastName: 'last_name',
  email: 'email',
  phone: 'phone',
  mobilePhone: 'mobile_phone',
  page: 'page',
  perPage: 'per_page',
} as const;

type Field = keyof typeof WIRE_NAMES;

const OF_CONTACT: readonly Field[] = ['clientId', 'firstName', 'lastName', 'email', 'phone', 'mobilePhone'];
const OF_UPDATE: readonly Field[] = ['contactId', ...OF_CONTACT];
const OF_QUERY: readonly Field[] = ['clientId', 'email', 'page', 'perPage'];
const OF_ID: readonly Field[] = ['contactId'];

/*
 * The worker decides whether values are valid, so that its answer reports all problems. The client
 * rejects, with the same error, only what no document can express: characters that XML forbids,
 * values of other types, and unknown fields.
 */

export function createDocument(contact: NewContact): RequestDocument {
  return document('contact.create', [{ name: 'contact', content: elements(contact, OF_CONTACT) }]);
}

export function updateDocument(contactId: number, changes: ContactChanges): RequestDocument {
  // A contact that was read before names its own id.
  const fields = { ...changes, contactId };
  return document('contact.update', [{ name: 'contact', content: elements(fields, OF_UPDATE) }], contactId);
}

export function getDocument(contactId: number): RequestDocument {
  return document('contact.get', elements({ contactId }, OF_ID), contactId);
}

export function deleteDocument(contactId: number): RequestDocument {
  return document('contact.delete', elements({ contactId }, OF_ID), contactId);
}

export function listDocument(query: ContactQuery): RequestDocument {
  return document('contact.list', elements(query, OF_QUERY));
}

/** Reads the routing key from a document. */
export type RoutingKeyIn = (body: Uint8Array, messageId: string) => string;

/** The routing key where there are several queues: it keeps the requests about one contact together. */
export function routingKeyFor(
  { method, body, contactId }: RequestDocument,
  messageId: string,
  ofDocument: RoutingKeyIn | undefined,
): string {
  if (method === NO_METHOD) return ofDocument?.(body, messageId) ?? messageId;
  return routingKeyOf(method, contactId === undefined ? undefined : trimmed(String(contactId)), messageId);
}

function document(method: string, body: readonly ResponseElement[], contactId?: number): RequestDocument {
  return { method, body: encodeRequest(method, body), contactId };
}

/** Writes the fields that are set. Throws `RequestFailedError` with all problems. */
function elements(values: object, fields: readonly Field[]): readonly ResponseElement[] {
  const given = values as Readonly<Record<string, unknown>>;
  const problems: Problem[] = [];
  const written: ResponseElement[] = [];
  for (const field of fields) {
    const value = given[field];
    if (value === undefined) continue;
    const name = WIRE_NAMES[field];
    const text = textOf(value);
    const problem = text === undefined ? 'must be a text or a number' : forbidden(text);
    if (problem === undefined) written.push({ name, content: text ?? '' });
    else problems.push({ code: 'INVALID_PARAMS', field: name, message: `${name} ${problem}` });
  }
  for (const key in given) {
    if (given[key] === undefined || (fields as readonly string[]).includes(key)) continue;
    problems.push({ code: 'INVALID_PARAMS', message: `there is no field ${key}; there are ${fields.join(', ')}` });
  }
  const [first, ...others] = problems;
  if (first !== undefined) throw new RequestFailedError([first, ...others]);
  return written;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : undefined;
}

function forbidden(text: string): string | undefined {
  return isLegalText(text) ? undefined : 'holds a character that XML 1.0 forbids';
}
