import { readFileSync } from 'node:fs';

import { MongoClient, type Document } from 'mongodb';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { inspectDatabase, WRITES } from '../../../src/mongo/inspection.ts';
import { openStore } from '../../../src/mongo/store.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { CommandProxy } from './command-proxy.ts';

const TIMEOUT_MS = 10_000;
const { mongodbUrl } = freshNames();
const direct = new MongoClient(mongodbUrl);
let proxy: CommandProxy;

beforeAll(async () => {
  for (const sharded of [false, true]) {
    const store = openStore(mongodbUrl, { retentionSeconds: 3_600, sharded });
    await store.prepare();
    await store.close();
  }
});

afterAll(() => direct.close());

/** Everything that is in the database. */
async function content(): Promise<Record<string, Document[]>> {
  const names = (await direct.db().listCollections().toArray()).map(({ name }) => name).toSorted();
  const all = names.map(async (name) => [name, await direct.db().collection(name).find().toArray()] as const);
  return Object.fromEntries(await Promise.all(all));
}

/** Inspects through a proxy that `prepare` makes answer some commands itself. */
async function inspect(prepare: (proxy: CommandProxy) => void): ReturnType<typeof inspectDatabase> {
  proxy = await CommandProxy.before(mongodbUrl);
  prepare(proxy);
  try {
    return await inspectDatabase(proxy.url(mongodbUrl), TIMEOUT_MS);
  } finally {
    await proxy.close();
  }
}

const collectionOf = (command: Document): string => String(Object.values(command)[0]);

test('each right is tried in each collection, and nothing is changed', async () => {
  const before = await content();
  expect(Object.keys(before)).toEqual(expect.arrayContaining(Object.keys(WRITES)));
  const state = await inspect(() => undefined);
  expect(state).toMatchObject({ writable: true, isPrepared: true, missingRights: [], contacts: 0 });
  const tried = proxy.commands.flatMap((command) => {
    const [name = ''] = Object.keys(command);
    const write = { insert: 'insert', update: 'update', delete: 'remove' }[name];
    return write === undefined ? [] : [`${write} ${collectionOf(command)}`];
  });
  expect(tried).toEqual(Object.entries(WRITES).flatMap(([name, writes]) => writes.map((write) => `${write} ${name}`)));
  expect(await content()).toEqual(before);
});

test('rights that the user lacks are named', async () => {
  const state = await inspect((between) => {
    between.refuse('insert', 13, (command) => collectionOf(command) !== 'contacts');
    between.refuse('delete', 13);
  });
  expect(state.missingRights).toEqual([
    'insert into counters',
    'insert into effects',
    'insert into create_claims',
    'insert into attempts',
    'remove from attempts',
  ]);
});

test('a database whose majority confirms no writes is found', async () => {
  const writeConcernError = { code: 64, codeName: 'WriteConcernTimeout', errmsg: 'waiting for replication timed out' };
  const inspected = inspect((between) => between.answer('update', { ok: 1, n: 0, nModified: 0, writeConcernError }));
  await expect(inspected).rejects.toThrow('no majority of the replica set confirms writes');
});

test('a primary that refuses writes, as a read-only one does, is found', async () => {
  await expect(inspect((between) => between.refuse('insert', 10_107))).rejects.toThrow('refused by the test');
});

test('the clock is that of the end: what the inspection takes is no drift', async () => {
  proxy = await CommandProxy.before(mongodbUrl);
  proxy.hold(({ insert }) => insert === 'contacts');
  const inspecting = inspectDatabase(proxy.url(mongodbUrl), TIMEOUT_MS);
  await expect.poll(() => proxy.held).toBe(1);
  const until = Date.now() + 2_000;
  await expect.poll(() => Date.now(), { timeout: 5_000 }).toBeGreaterThan(until);
  proxy.release();
  const { clock } = await inspecting;
  expect(Math.abs(Date.now() - clock)).toBeLessThan(1_500);
  await proxy.close();
});

test('a database without collections gets none', async () => {
  const fresh = freshNames();
  const state = await inspectDatabase(fresh.mongodbUrl, TIMEOUT_MS);
  expect(state).toMatchObject({ writable: true, isPrepared: false, missingRights: [] });
  const names = await direct.db(fresh.database).listCollections().toArray();
  expect(names).toEqual([]);
});

test('the rights are those of the role for workers', () => {
  const role = JSON.parse(
    readFileSync(new URL('../../../deploy/mongodb/worker-role.json', import.meta.url), 'utf8'),
  ) as {
    readonly privileges: readonly { readonly resource: { readonly collection: string }; readonly actions: string[] }[];
  };
  const granted = role.privileges.map(({ resource, actions }) => [
    resource.collection,
    actions.filter((action) => ['insert', 'update', 'remove'].includes(action)),
  ]);
  expect(WRITES).toEqual(Object.fromEntries(granted));
});
