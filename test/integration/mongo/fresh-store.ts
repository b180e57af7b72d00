import { MongoClient } from 'mongodb';
import { afterAll, beforeAll } from 'vitest';

import { collectionsOf, type Collections } from '../../../src/mongo/documents.ts';
import { openStore, type Store, type StoreOptions } from '../../../src/mongo/store.ts';
import { strict, type StrictRepository } from '../../support/contact-repository/fixtures.ts';
import { freshNames } from '../../support/fresh-names.ts';

/** A store on its own database, with direct access to its documents. */
export interface FreshStore {
  readonly url: string;
  readonly store: Store;
  /** Throws where `store.contacts` returns an `Error`. */
  readonly contacts: StrictRepository;
  /** The stored documents, through a client of the test. */
  readonly stored: Collections;
}

/**
 * Opens a prepared store on an empty database, for the calling file. The database is dropped after
 * the suite.
 */
export function freshStore(options?: StoreOptions): FreshStore {
  const { mongodbUrl: url } = freshNames();
  const store = openStore(url, options);
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 10_000, socketTimeoutMS: 30_000 });
  beforeAll(() => store.prepare());
  afterAll(() => Promise.all([store.close(), client.close()]));
  return { url, store, contacts: strict(store.contacts), stored: collectionsOf(client.db()) };
}
