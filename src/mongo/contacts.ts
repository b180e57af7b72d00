import type { ContactRepository } from '../contacts/repository.ts';
import type { Call } from './calls.ts';
import { createContacts, recallCreations } from './creations.ts';
import { deleteContacts, recallDeletions } from './deletions.ts';
import type { Collections } from './documents.ts';
import { listsOf, type ListSettings } from './lists.ts';
import { getContacts } from './reads.ts';
import { recallUpdates, updateContacts } from './updates.ts';

/** The contacts in a database. Every rejection is `Unavailable` or a defect, and none quotes stored data. */
export function createMongoContacts(collections: Collections, lists: ListSettings, call: Call): ContactRepository {
  const list = listsOf(collections, lists);
  return {
    create: (batch) => call('create contacts', () => createContacts(collections, batch)),
    update: (batch) => call('update contacts', () => updateContacts(collections, batch)),
    delete: (batch) => call('delete contacts', () => deleteContacts(collections, batch)),
    recallCreations: (batch) => call('recall creations', () => recallCreations(collections, batch)),
    recallUpdates: (batch) => call('recall updates', () => recallUpdates(collections, batch)),
    recallDeletions: (batch) => call('recall deletions', () => recallDeletions(collections, batch)),
    get: (ids) => call('get contacts', () => getContacts(collections, ids)),
    list: (queries) => call('list contacts', () => list(queries)),
  };
}
