import type { Db } from 'mongodb';

import type { ContactRepository } from '../contacts/repository.ts';
import type { Call } from './calls.ts';
import { createContacts, recallCreations } from './creations.ts';
import { deleteContacts, recallDeletions } from './deletions.ts';
import { collectionsOf } from './documents.ts';
import { getContacts, listContacts } from './reads.ts';
import { recallUpdates, updateContacts } from './updates.ts';

export interface ContactsSettings {
  /** Milliseconds after which the server ends a list. */
  readonly listTimeMs: number;
}

/** The contacts in a database. Every rejection is `Unavailable` or a defect, and none quotes stored data. */
export function createMongoContacts(db: Db, { listTimeMs }: ContactsSettings, call: Call): ContactRepository {
  const collections = collectionsOf(db);
  return {
    create: (batch) => call('create contacts', () => createContacts(collections, batch)),
    update: (batch) => call('update contacts', () => updateContacts(collections, batch)),
    delete: (batch) => call('delete contacts', () => deleteContacts(collections, batch)),
    recallCreations: (batch) => call('recall creations', () => recallCreations(collections, batch)),
    recallUpdates: (batch) => call('recall updates', () => recallUpdates(collections, batch)),
    recallDeletions: (batch) => call('recall deletions', () => recallDeletions(collections, batch)),
    get: (ids) => call('get contacts', () => getContacts(collections, ids)),
    list: (queries) => call('list contacts', () => listContacts(collections, queries, listTimeMs)),
  };
}
