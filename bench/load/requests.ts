import type { Random } from '../../chaos/random.ts';

/** A request before it is sent. */
export interface BenchRequest {
  /** The method; it tells the echo which answer to send. */
  readonly type: string;
  readonly body: Buffer;
  readonly headers?: Readonly<Record<string, unknown>>;
}

/** Contacts in every measured database at the start, spread evenly over the clients. */
export const BASE_CONTACTS = 20_000;
/** Their client_ids begin at 1. */
export const CLIENTS = 100;
/**
 * Clients of the contacts that requests create. They differ from the others, or a fast subject
 * would get longer lists than a slow one.
 */
export const NEW_CLIENTS = { first: 1_001, last: 1_100 } as const;
/** Page size of the list workload. */
export const PER_PAGE = 25;

const FIRST = ['Ana', 'Bjørn', 'Chloé', 'Dmitri', 'Eva', 'Femi', 'Grace', 'Hiroshi', 'Inès', 'Jürgen'];
const LAST = ['Andersson', 'Brown', 'Costa', 'Dupont', 'Eriksen', 'Ferrari', 'García', 'Hoffmann', "O'Neill", 'Šimić'];

/** Returns the fields of an invented person; `number` makes the address unique. */
export function person(
  number: number,
  random: Random,
): { first_name: string; last_name: string; email: string; phone: string; mobile_phone: string } {
  return {
    first_name: random.pick(FIRST),
    last_name: random.pick(LAST),
    email: `person.${number}@example.com`,
    phone: `+49 30 ${random.between(1_000_000, 9_999_999)}`,
    mobile_phone: `+49 170 ${random.between(1_000_000, 9_999_999)}`,
  };
}

function request(method: string, content: string): BenchRequest {
  const text = `<?xml version="1.0" encoding="UTF-8"?><request method="${method}">${content}</request>`;
  return { type: method, body: Buffer.from(text, 'utf8') };
}

function elements(fields: Readonly<Record<string, string | number>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `<${name}>${value}</${name}>`)
    .join('');
}

function contact(fields: Readonly<Record<string, string | number>>): string {
  return `<contact>${elements(fields)}</contact>`;
}

export function createRequest(client_id: number, number: number, random: Random): BenchRequest {
  return request('contact.create', contact({ client_id, ...person(number, random) }));
}

export function getRequest(contact_id: number): BenchRequest {
  return request('contact.get', elements({ contact_id }));
}

/** Changes three of the five fields that can be changed. */
export function updateRequest(contact_id: number, number: number, random: Random): BenchRequest {
  const { first_name, last_name, phone } = person(number, random);
  return request('contact.update', contact({ contact_id, first_name, last_name, phone }));
}

export function deleteRequest(contact_id: number): BenchRequest {
  return request('contact.delete', elements({ contact_id }));
}

/** Lists the contacts of one client, or of everyone where `client_id` is `undefined`. */
export function listRequest(client_id: number | undefined, page: number, per_page = PER_PAGE): BenchRequest {
  return request('contact.list', elements({ ...(client_id !== undefined && { client_id }), page, per_page }));
}
