import { randomBytes } from 'node:crypto';

import type { Contact, ContactChanges, ContactFields } from '../../../src/contacts/contact.ts';
import type {
  ContactPage,
  ContactQuery,
  ContactRepository,
  Created,
  Creation,
  Deletion,
  Update,
} from '../../../src/contacts/repository.ts';

/** The repositories of a running group of tests: two on one store, as two workers have them. */
export interface Subject {
  readonly contacts: StrictRepository;
  readonly other: StrictRepository;
}

/** A repository that throws what the port returns as an `Error`, so that a test fails on it. */
export interface StrictRepository extends ContactRepository {
  create(batch: readonly Creation[]): Promise<readonly Created[]>;
  get(ids: readonly number[]): Promise<readonly (Contact | undefined)[]>;
  list(queries: readonly ContactQuery[]): Promise<readonly ContactPage[]>;
}

export function strict(contacts: ContactRepository): StrictRepository {
  return {
    ...contacts,
    create: async (batch) => (await contacts.create(batch)).map(withoutErrors),
    get: async (ids) => (await contacts.get(ids)).map(withoutErrors),
    list: async (queries) => (await contacts.list(queries)).map(withoutErrors),
  };
}

function withoutErrors<Result>(result: Result): Exclude<Result, Error> {
  if (result instanceof Error) throw result;
  return result as Exclude<Result, Error>;
}

export const JANE: ContactFields = {
  client_id: 1,
  first_name: 'Jane',
  last_name: 'Doe',
  email: 'janedoe@janedoe.com',
  phone: '(123) 456-7890',
  mobile_phone: '',
};

/** Changes of every kind, one per contact of a batch. */
export const MIXED_CHANGES: readonly ContactChanges[] = [
  { first_name: '$last_name' },
  { phone: '' },
  { phone: '3', mobile_phone: '' },
  { mobile_phone: '$$ROOT' },
  { client_id: 8, email: 'Own@Doe.example' },
  {},
];

/** A contact_id that no contact has. */
export const NOBODY = 4_000_000_000;

/** A key that no other request has. */
export function freshKey(prefix = 'm'): string {
  return prefix + randomBytes(12).toString('base64url');
}

/** A prefix that the keys of one request's deliveries share, if it has no message_id. */
export function freshPrefix(): string {
  return `${freshKey('d')}~`;
}

export function creation(fields: Partial<ContactFields> = {}, id = freshKey()): Creation {
  return { key: { id }, fields: { ...JANE, ...fields } };
}

export function updateOf(id: number, changes: Update['changes'], key = freshKey()): Update {
  return { key: { id: key }, id, changes };
}

export function deletionOf(id: number, key = freshKey()): Deletion {
  return { key: { id: key }, id };
}

/** Creates one contact and returns its id. */
export async function createOne(contacts: StrictRepository, fields: Partial<ContactFields> = {}): Promise<number> {
  const [created] = await contacts.create([creation(fields)]);
  if (created === undefined) throw new Error('nothing was created');
  return created.id;
}

/** The ids of a query's page, by default the first 1000. */
export async function idsOf(
  contacts: StrictRepository,
  query: Partial<ContactQuery>,
): Promise<{ ids: number[]; hasMore: boolean }> {
  const [page] = await contacts.list([{ page: 1, per_page: 1000, ...query }]);
  if (page === undefined) throw new Error('no page was returned');
  return { ids: idsIn(page), hasMore: page.hasMore };
}

export function idsIn(page: ContactPage | undefined): number[] {
  return page?.contacts.map(({ contact_id }) => contact_id) ?? [];
}
