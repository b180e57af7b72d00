import { randomBytes } from 'node:crypto';

import { MongoClient } from 'mongodb';
import { afterAll, beforeAll } from 'vitest';

import type { Contact, ContactFields } from '../../../src/contacts/contact.ts';
import type {
  ContactPage,
  ContactQuery,
  ContactRepository,
  Created,
  Creation,
} from '../../../src/contacts/repository.ts';
import { collectionsOf, type Collections } from '../../../src/mongo/documents.ts';
import { openStore, type Store, type StoreOptions } from '../../../src/mongo/store.ts';
import { freshNames } from '../../support/fresh-names.ts';

/** Contacts that can all be served: what cannot fails the test. `store.contacts` has the port itself. */
export interface SoundContacts extends ContactRepository {
  create(batch: readonly Creation[]): Promise<readonly Created[]>;
  get(ids: readonly number[]): Promise<readonly (Contact | undefined)[]>;
  list(queries: readonly ContactQuery[]): Promise<readonly ContactPage[]>;
}

/** A store on a database of the calling file's own, and a look behind it. */
export interface FreshStore {
  readonly url: string;
  readonly store: Store;
  readonly contacts: SoundContacts;
  /** What is really stored, by a client of the test's own. */
  readonly stored: Collections;
}

/** Opens a prepared store on an empty database; closed and dropped after the suite. */
export function freshStore(options?: StoreOptions): FreshStore {
  const { mongodbUrl: url } = freshNames();
  const store = openStore(url, options);
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 10_000, socketTimeoutMS: 30_000 });
  beforeAll(() => store.prepare());
  afterAll(() => Promise.all([store.close(), client.close()]));
  return { url, store, contacts: soundOf(store.contacts), stored: collectionsOf(client.db()) };
}

/** Of a store of the test's own. */
export function soundOf(contacts: ContactRepository): SoundContacts {
  return {
    ...contacts,
    create: async (batch) => (await contacts.create(batch)).map(sound),
    get: async (ids) => (await contacts.get(ids)).map(sound),
    list: async (queries) => (await contacts.list(queries)).map(sound),
  };
}

function sound<Result>(result: Result): Exclude<Result, Error> {
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

/** A key that no other request has. */
export function freshKey(prefix = 'm'): string {
  return prefix + randomBytes(12).toString('base64url');
}

export function creation(fields: Partial<ContactFields> = {}, id = freshKey()): Creation {
  return { key: { id }, fields: { ...JANE, ...fields } };
}

/** Creates one contact and gives its id. */
export async function createOne(contacts: SoundContacts, fields: Partial<ContactFields> = {}): Promise<number> {
  const [created] = await contacts.create([creation(fields)]);
  if (created === undefined) throw new Error('nothing was created');
  return created.id;
}
