import type { ContactRepository } from '../contacts/repository.ts';
import type { Call } from './connection/calls.ts';
import { claimedCreationsOf } from './claims/creations.ts';
import { findEarlierClaimedCreations } from './claims/lookups.ts';
import { deleteClaimedContacts } from './claims/deletions.ts';
import { creationsOf, findEarlierCreations } from './creations.ts';
import { deleteContacts, findEarlierDeletions } from './deletions.ts';
import type { Collections } from './documents.ts';
import { listsOf, type ListSettings } from './lists.ts';
import { getContacts } from './reads.ts';
import { findEarlierUpdates, updateContacts } from './updates.ts';

/**
 * The contacts in a database. Rejects with `UnavailableError` or a defect; neither quotes stored
 * data.
 */
export function createMongoContacts(collections: Collections, lists: ListSettings, call: Call): ContactRepository {
  const create = creationsOf(collections, call);
  const list = listsOf(collections, lists);
  return {
    create: (batch) => call('create contacts', () => create(batch)),
    update: (batch) => call('update contacts', () => updateContacts(collections, batch)),
    delete: (batch) => call('delete contacts', () => deleteContacts(collections, batch)),
    findEarlierCreations: (batch) => call('find earlier creates', () => findEarlierCreations(collections, batch)),
    findEarlierUpdates: (batch) => call('find earlier updates', () => findEarlierUpdates(collections, batch)),
    findEarlierDeletions: (batch) => call('find earlier deletes', () => findEarlierDeletions(collections, batch)),
    get: (ids) => call('get contacts', () => getContacts(collections, ids)),
    list: (queries) => call('list contacts', () => list(queries)),
  };
}

/**
 * The same in a sharded database: creates are claimed in a collection of their own, and reads judge
 * every batch.
 */
export function createShardedContacts(
  collections: Collections,
  lists: ListSettings,
  retentionMs: number,
  call: Call,
): ContactRepository {
  const create = claimedCreationsOf(collections, retentionMs);
  return {
    ...createMongoContacts(collections, lists, call),
    create: (batch) => call('create contacts', () => create(batch)),
    update: (batch) => call('update contacts', () => updateContacts(collections, batch, true)),
    delete: (batch) => call('delete contacts', () => deleteClaimedContacts(collections, batch)),
    findEarlierCreations: (batch) =>
      call('find earlier creates', () => findEarlierClaimedCreations(collections, batch, retentionMs)),
  };
}
