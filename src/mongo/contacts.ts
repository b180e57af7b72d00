import type { Db } from 'mongodb';

import type { ContactRepository } from '../contacts/repository.ts';
import { createContacts, recallCreations } from './creations.ts';
import { deleteContacts, recallDeletions } from './deletions.ts';
import { collectionsOf } from './documents.ts';
import { told } from './failures.ts';
import { getContacts, listContacts } from './reads.ts';
import { recallUpdates, updateContacts } from './updates.ts';

export interface ContactsSettings {
  /** Milliseconds after which the server ends a list. */
  readonly listTimeMs: number;
}

/** The contacts in a database. Every rejection is `Unavailable` or a defect, and none quotes stored data. */
export function createMongoContacts(db: Db, { listTimeMs }: ContactsSettings): ContactRepository {
  const collections = collectionsOf(db);
  return {
    create: (batch) => told('create contacts', () => createContacts(collections, batch)),
    update: (batch) => told('update contacts', () => updateContacts(collections, batch)),
    delete: (batch) => told('delete contacts', () => deleteContacts(collections, batch)),
    recallCreations: (batch) => told('recall creations', () => recallCreations(collections, batch)),
    recallUpdates: (batch) => told('recall updates', () => recallUpdates(collections, batch)),
    recallDeletions: (batch) => told('recall deletions', () => recallDeletions(collections, batch)),
    get: (ids) => told('get contacts', () => getContacts(collections, ids)),
    list: (query) => told('list contacts', () => listContacts(collections, query, listTimeMs)),
  };
}
