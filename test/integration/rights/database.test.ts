import { readFileSync } from 'node:fs';
import { MongoClient, type Document } from 'mongodb';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { ContactsClient } from '../../../src/client/index.ts';
import { MAX_APPLIED_KEYS } from '../../../src/mongo/archived-keys.ts';
import { collectionsOf } from '../../../src/mongo/documents.ts';
import { openStore } from '../../../src/mongo/store.ts';
import { creation, deletionOf, strict } from '../../support/contact-repository/fixtures.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { startWorker, type TestWorker } from '../../support/worker.ts';
import { CommandProxy } from '../mongo/command-proxy.ts';

const ROLE = new URL('../../../deploy/mongodb/worker-role.json', import.meta.url);

/** The actions that MongoDB demands for a command, by its documentation. */
const ACTIONS: Readonly<Record<string, (command: Document) => readonly string[]>> = {
  find: () => ['find'],
  aggregate: () => ['find'],
  insert: () => ['insert'],
  // The statements are in a document sequence; no command of the worker upserts.
  update: () => ['update'],
  delete: () => ['remove'],
  findAndModify: ({ remove, upsert }) => [
    'find',
    remove === true ? 'remove' : 'update',
    ...(upsert === true ? ['insert'] : []),
  ],
  createIndexes: () => ['createIndex'],
  listIndexes: () => ['listIndexes'],
  collMod: () => ['collMod'],
};

/** Commands that every user may send. */
const FREE = ['hello', 'ping', 'endSessions', 'getMore', 'killCursors', 'saslStart', 'saslContinue', 'ismaster'];

const names = freshNames();
let proxy: CommandProxy;
let worker: TestWorker;
let client: ContactsClient;

beforeAll(async () => {
  proxy = await CommandProxy.before(names.mongodbUrl);
  worker = await startWorker(names, { MONGODB_URL: proxy.url(names.mongodbUrl) });
  client = await ContactsClient.connect({ url: names.amqpUrl, queue: names.queue });
});

afterAll(async () => {
  await client.close();
  await worker.stop();
  await proxy.close();
});

/** With the next update the worker archives keys of the contact. */
async function fillKeys(contactId: number): Promise<void> {
  const direct = new MongoClient(names.mongodbUrl);
  const applied = Array.from({ length: MAX_APPLIED_KEYS }, (_, at) => `key ${at}`);
  await collectionsOf(direct.db()).contacts.updateOne({ _id: contactId }, { $set: { applied } });
  await direct.close();
}

/** Everything that a worker ever sends: methods, repeats, archives, the attempt ledger, changed settings. */
async function doEverything(): Promise<void> {
  const jane = { clientId: 1, firstName: 'Jane', lastName: 'Döe', email: 'jane@example.org' };
  const { contactId } = await client.create(jane, { messageId: 'jane' });
  expect((await client.create(jane, { messageId: 'jane' })).repeated).toBe(true);
  await fillKeys(contactId);
  for (const phone of ['1', '2']) await client.update(contactId, { phone });
  await client.get(contactId);
  await client.list({ clientId: 1, email: jane.email });
  await client.delete(contactId, { messageId: 'delete' });
  await client.delete(contactId, { messageId: 'delete' });

  const url = proxy.url(names.mongodbUrl);
  const store = openStore(url, { retentionSeconds: 3_600 });
  await store.prepare();
  await store.attempts.begin('id', 'first', 5);
  await store.attempts.begin('id', 'second', 5);
  const failure = { method: 'contact.get', attempts: 2, firstError: 'a', lastError: 'b' };
  await store.attempts.fail('id', 'second', failure);
  await store.attempts.end('id', ['first', 'second']);
  await store.close();
}

/** What only a worker with MONGODB_SHARDED=true sends. */
async function doEverythingSharded(): Promise<void> {
  for (const retentionSeconds of [7_200, 3_600]) {
    const store = openStore(proxy.url(names.mongodbUrl), { retentionSeconds, sharded: true });
    await store.prepare();
    const contacts = strict(store.contacts);
    const one = creation();
    const [created] = await contacts.create([one]);
    await contacts.create([one]);
    await contacts.delete([deletionOf(created!.id)]);
    await store.close();
  }
}

test("the worker's role allows exactly the actions of the commands that it sends", async () => {
  await doEverything();
  await doEverythingSharded();
  const needed = new Map<string, Set<string>>();
  for (const command of proxy.commands) {
    const [name = ''] = Object.keys(command);
    if (FREE.includes(name)) continue;
    expect(command['$db']).toBe(names.database);
    const actionsOf = ACTIONS[name];
    expect(actionsOf, `no action is known for the command ${name}`).toBeDefined();
    const collection = String(command[name]);
    const actions = needed.get(collection) ?? new Set();
    needed.set(collection, actions);
    for (const action of actionsOf!(command)) actions.add(action);
  }
  const role = JSON.parse(readFileSync(ROLE, 'utf8')) as {
    readonly privileges: readonly { readonly resource: Record<string, string>; readonly actions: string[] }[];
  };
  const allowed = role.privileges.map(({ resource, actions }) => [resource['collection'], actions.toSorted()] as const);
  const sent = [...needed].map(([collection, actions]) => [collection, [...actions].toSorted()] as const);
  expect(Object.fromEntries(sent)).toEqual(Object.fromEntries(allowed));
  expect(new Set(role.privileges.map(({ resource }) => resource['db']))).toEqual(new Set(['contacts']));
});

test('a user without a right makes the worker unready, and /readyz says so', async () => {
  proxy.refuse('ping', 13);
  await expect
    .poll(async () => (await worker.readiness()).reasons?.['database'])
    .toBe("the user has no rights to the URL's database");
});
