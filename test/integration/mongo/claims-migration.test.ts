import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { MongoClient } from 'mongodb';

import { eraseContacts } from '../../../src/mongo/erase.ts';
import { fillClaims } from '../../../src/mongo/claims/filling.ts';
import { DEFAULT_LIMITS } from '../../../src/mongo/connection/client.ts';
import { collectionsOf, type Collections } from '../../../src/mongo/documents.ts';
import { openStore, type Store } from '../../../src/mongo/store.ts';
import { StoreMismatchError, UnavailableError } from '../../../src/protocol/errors.ts';
import {
  createOne,
  creation,
  deletionOf,
  strict,
  type StrictRepository,
} from '../../support/contact-repository/fixtures.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { CommandProxy } from './command-proxy.ts';

const { mongodbUrl: url } = freshNames();
const RETENTION_SECONDS = 3_600;
let client: MongoClient;
let stored: Collections;

beforeEach(async () => {
  client = new MongoClient(url);
  stored = collectionsOf(client.db());
  await client.db().dropDatabase();
});
afterEach(() => client.close());

/** A prepared store, as a worker with or without MONGODB_SHARDED=true has it. */
async function worker(sharded: boolean): Promise<{ store: Store; contacts: StrictRepository }> {
  const store = openStore(url, { sharded, retentionSeconds: RETENTION_SECONDS });
  onTestFinished(() => store.close());
  await store.prepare();
  return { store, contacts: strict(store.contacts) };
}

const fill = (address = url): ReturnType<typeof fillClaims> =>
  fillClaims(address, { waitMs: 0, stop: new AbortController().signal });
const some = (count: number): ReturnType<typeof creation>[] => Array.from({ length: count }, () => creation());

test('creates of before are recognised at each step of the way to claims', async () => {
  const before = await worker(false);
  const old = some(5);
  const ids = (await before.contacts.create(old)).map(({ id }) => id);
  await before.contacts.delete([deletionOf(ids[4]!)]);
  const repeats = ids.map((id) => ({ id, repeated: true }));

  const after = await worker(true);
  expect(await after.contacts.findEarlierCreations(old)).toEqual(repeats);
  expect(await after.contacts.create(old)).toEqual(repeats);
  const [mixed] = some(1);
  const [first] = await before.contacts.create([mixed!]);
  expect(await after.contacts.create([mixed!])).toEqual([{ id: first!.id, repeated: true }]);

  expect(await fill()).toMatchObject({ contacts: 6 });
  await stored.contacts.dropIndex('created_by');
  const restarted = await worker(true);
  expect(await restarted.contacts.create([...old, mixed!])).toEqual([...repeats, { id: first!.id, repeated: true }]);
  expect(await restarted.contacts.findEarlierCreations(old)).toEqual(repeats);
  expect(await restarted.contacts.get([ids[4]!])).toEqual([undefined]);
  expect(await stored.contacts.countDocuments({ created_by: { $exists: true } })).toBe(6);
});

test('the command adds every claim, in pages, and does nothing when it runs again', async () => {
  const before = await worker(false);
  const old = some(2_300);
  const ids: number[] = [];
  for (let at = 0; at < old.length; at += 115) {
    ids.push(...(await before.contacts.create(old.slice(at, at + 115))).map(({ id }) => id));
  }
  await before.contacts.delete([deletionOf(ids[7]!), deletionOf(ids[2_200]!)]);
  await worker(true);
  // The last of the first page, and the last of all.
  await stored.contacts.insertMany([999.5, 1_000_000].map((_id) => ({ _id, client_id: 1 })));
  expect(await fill()).toEqual({ contacts: 2_300, added: 2_300, marked: 0, removed: 0 });
  expect(await fill()).toEqual({ contacts: 2_300, added: 0, marked: 0, removed: 0 });
  expect(await stored.claims.countDocuments()).toBe(2_300);
  expect(await stored.claims.countDocuments({ deleted_at: { $exists: true } })).toBe(2);
  const { contacts } = await worker(true);
  await stored.contacts.dropIndex('created_by');
  const sample = [0, 7, 999, 1_000, 1_001, 2_299];
  expect(await contacts.create(sample.map((at) => old[at]!))).toEqual(
    sample.map((at) => ({ id: ids[at], repeated: true })),
  );
});

test('a database without contacts needs no command, and workers that start together all start', async () => {
  const workers = await Promise.all([worker(true), worker(true), worker(true)]);
  const created = await Promise.all(workers.map(({ contacts }) => contacts.create(some(2))));
  expect(new Set(created.flat().map(({ id }) => id)).size).toBe(6);
  expect((await stored.counters.findOne({ _id: 'contact' }))?.claims).toBe('complete');
});

test('without claims and without the index a worker does not start, and says what to do', async () => {
  await createOne((await worker(false)).contacts);
  await stored.contacts.dropIndex('created_by');
  const start = worker(true);
  await expect(start).rejects.toBeInstanceOf(StoreMismatchError);
  await expect(start).rejects.toThrow('run `contacts claims`');
});

test('a worker without claims does not start on a sharded collection, and says what to do', async () => {
  const proxy = await CommandProxy.before(url);
  onTestFinished(() => proxy.close());
  const errmsg = 'cannot create unique index over { created_by: 1 } with shard key pattern { _id: "hashed" }';
  const refusal = { ok: 0, code: 67, codeName: 'CannotCreateIndex', errmsg };
  proxy.answer('createIndexes', refusal, ({ createIndexes }) => createIndexes === 'contacts');
  const store = openStore(proxy.url(url));
  onTestFinished(() => store.close());
  const start = store.prepare();
  await expect(start).rejects.toBeInstanceOf(StoreMismatchError);
  await expect(start).rejects.toThrow('set MONGODB_SHARDED=true');
});

test('once claims are complete, a worker that writes none creates no contact', async () => {
  const late = await worker(false);
  await createOne(late.contacts);
  await worker(true);
  await fill();
  const creating = late.contacts.create(some(1));
  await expect(creating).rejects.toBeInstanceOf(UnavailableError);
  await expect(creating).rejects.toThrow('Set MONGODB_SHARDED=true');
  expect(await stored.contacts.countDocuments()).toBe(1);
});

test('the command waits for the last creates of workers without claims', async () => {
  const late = await worker(false);
  await createOne(late.contacts);
  await worker(true);
  const stopping = new AbortController();
  const filling = fillClaims(url, { waitMs: 60_000, stop: stopping.signal });
  await expect.poll(async () => (await stored.counters.findOne({ _id: 'contact' }))?.claims).toBe('filling');
  await expect(late.contacts.create(some(1))).rejects.toThrow('Set MONGODB_SHARDED=true');
  expect(await stored.claims.countDocuments()).toBe(0);
  stopping.abort();
  await expect(filling).rejects.toThrow('aborted');
  expect((await stored.counters.findOne({ _id: 'contact' }))?.claims).toBe('filling');
});

test('a worker without claims that starts meanwhile keeps the index, and the command reports it', async () => {
  await createOne((await worker(false)).contacts);
  await worker(true);
  const proxy = await CommandProxy.before(url);
  onTestFinished(() => proxy.close());
  proxy.hold(({ find, hint }) => find === 'contacts' && hint !== undefined);
  const filling = fill(proxy.url(url));
  await expect.poll(() => proxy.held).toBe(1);
  const late = await worker(false);
  proxy.release();
  await expect(filling).rejects.toThrow('a worker without MONGODB_SHARDED=true started');
  expect((await late.contacts.create(some(1)))[0]?.repeated).toBe(false);
});

test('the way back: creates with claims are recognised without them, and the other way again', async () => {
  const claiming = await worker(true);
  const [done, pending, later] = some(3);
  const [created] = await claiming.contacts.create([done!]);
  await stored.claims.insertOne({ _id: pending!.key.id, contact_id: created!.id + 100, at: new Date() });
  const back = await worker(false);
  expect(await back.contacts.create([done!])).toEqual([{ id: created!.id, repeated: true }]);
  const ids = (await back.contacts.create([pending!, later!])).map(({ id }) => id);
  expect(await claiming.contacts.create([pending!, later!])).toEqual(ids.map((id) => ({ id, repeated: true })));
  await fill();
  await stored.contacts.dropIndex('created_by');
  const again = await worker(true);
  expect(await again.contacts.create([done!, pending!, later!])).toEqual(
    [created!.id, ...ids].map((id) => ({ id, repeated: true })),
  );
  expect(await stored.contacts.countDocuments({ created_by: { $exists: true } })).toBe(3);
});

test('the command marks deletes that were cut off, and removes claims that nothing will use', async () => {
  const { contacts } = await worker(true);
  const [deleted, living, young, unused] = some(4);
  const [one] = await contacts.create([deleted!, living!]);
  await contacts.delete([deletionOf(one!.id)]);
  await stored.claims.updateOne({ _id: deleted!.key.id }, { $unset: { deleted_at: '' } });
  const old = new Date(Date.now() - 2_001 * RETENTION_SECONDS);
  await stored.claims.updateOne({ _id: living!.key.id }, { $set: { at: old } });
  await stored.claims.insertMany([
    { _id: young!.key.id, contact_id: 500, at: new Date() },
    { _id: unused!.key.id, contact_id: 501, at: old },
  ]);
  expect(await fill()).toEqual({ contacts: 2, added: 0, marked: 1, removed: 1 });
  const left = await stored.claims.find({}, { projection: { at: 0 } }).toArray();
  expect(left.map(({ contact_id, deleted_at }) => [contact_id, deleted_at !== undefined])).toEqual(
    expect.arrayContaining([
      [one!.id, true],
      [one!.id + 1, false],
      [500, false],
    ]),
  );
  expect(left).toHaveLength(3);
});

test.each([
  ['the command', async () => undefined],
  ['another worker', async (repeat: ReturnType<typeof creation>) => (await worker(true)).contacts.create([repeat])],
])('a slow worker creates nothing under a claim that %s has changed', async (_, change) => {
  const [old] = some(1);
  const [first] = await (await worker(false)).contacts.create([old!]);
  await worker(true);
  const proxy = await CommandProxy.before(url);
  onTestFinished(() => proxy.close());
  const limits = { ...DEFAULT_LIMITS, answerMs: 60_000 };
  const store = openStore(proxy.url(url), { sharded: true, retentionSeconds: RETENTION_SECONDS, limits });
  onTestFinished(() => store.close());
  proxy.hold(({ insert }) => insert === 'contacts');
  const repeating = strict(store.contacts).create([old!]);
  await expect.poll(() => proxy.held).toBe(1);
  await change(old!);
  await fill();
  await stored.contacts.dropIndex('created_by');
  proxy.release();
  expect(await repeating).toEqual([{ id: first!.id, repeated: true }]);
  expect(await stored.contacts.countDocuments({ created_by: old!.key.id })).toBe(1);
});

test('the command refuses a database that no worker has prepared for claims', async () => {
  await createOne((await worker(false)).contacts);
  await expect(fill()).rejects.toThrow('no worker with MONGODB_SHARDED=true has prepared this database');
  expect(await stored.counters.findOne({ _id: 'contact' })).not.toHaveProperty('claims');
});

test('a deleted contact from before is not created again once its tombstone has expired', async () => {
  const before = await worker(false);
  const batch = some(3);
  const ids = (await before.contacts.create(batch)).map(({ id }) => id);
  const { contacts } = await worker(true);
  await before.contacts.delete(ids.map((id) => deletionOf(id)));
  expect(await contacts.create([batch[0]!])).toEqual([{ id: ids[0], repeated: true }]);
  await stored.claims.insertOne({ _id: batch[1]!.key.id, contact_id: 900, at: new Date() });
  await fill();
  expect(await stored.claims.distinct('contact_id')).toEqual(ids);
  await stored.claims.updateMany({}, { $unset: { deleted_at: '' } });
  await stored.contacts.deleteMany({ deleted_at: { $exists: true } });
  const again = await contacts.create(batch);
  expect(again.map(({ repeated }) => repeated)).toEqual([false, false, false]);
  for (const { id } of again) expect(ids).not.toContain(id);
});

test('erasing all contacts erases their claims', async () => {
  const { contacts } = await worker(true);
  await createOne(contacts);
  await eraseContacts(url);
  expect(await stored.claims.countDocuments()).toBe(0);
});
