import type { IndexDescription } from 'mongodb';
import { expect, onTestFinished, test } from 'vitest';

import { RETENTION_SECONDS } from '../../../src/mongo/indexes.ts';
import { openStore } from '../../../src/mongo/store.ts';
import { StoreMismatchError, UnavailableError } from '../../../src/protocol/errors.ts';
import { createOne, JANE } from '../../support/contact-repository/fixtures.ts';
import { freshStore } from './fresh-store.ts';
import { CommandProxy } from './command-proxy.ts';

const { url, store, contacts, stored } = freshStore();

async function prepareWith(retentionSeconds: number): Promise<void> {
  const again = openStore(url, { retentionSeconds });
  try {
    await again.prepare();
  } finally {
    await again.close();
  }
}

async function indexOn(...fields: readonly string[]): Promise<Record<string, unknown> | undefined> {
  const all = (await stored.contacts.listIndexes().toArray()) as (Record<string, unknown> & { key: object })[];
  return all.find((index) => Object.keys(index.key).join() === fields.join());
}

test('every designed index exists', async () => {
  expect(await indexOn('created_by')).toMatchObject({
    unique: true,
    partialFilterExpression: { created_by: { $exists: true } },
  });
  for (const field of ['client_id', 'email_key']) {
    expect(await indexOn(field, '_id')).toMatchObject({ partialFilterExpression: { [field]: { $exists: true } } });
  }
  expect(await indexOn('deleted_at')).toMatchObject({
    expireAfterSeconds: RETENTION_SECONDS,
    partialFilterExpression: { deleted_at: { $exists: true } },
  });
  expect(RETENTION_SECONDS).toBe(7 * 24 * 3600);
});

test('preparing again changes nothing', async () => {
  const before = await stored.contacts.listIndexes().toArray();
  const next = await stored.counters.findOne({ _id: 'contact' });
  await store.prepare();
  await Promise.all([store.prepare(), store.prepare()]);
  expect(await stored.contacts.listIndexes().toArray()).toEqual(before);
  expect(await stored.counters.findOne({ _id: 'contact' })).toEqual(next);
});

test('a changed retention applies at the next start', async () => {
  await prepareWith(3600);
  expect(await indexOn('deleted_at')).toMatchObject({ expireAfterSeconds: 3600 });
  await prepareWith(RETENTION_SECONDS);
  expect(await indexOn('deleted_at')).toMatchObject({ expireAfterSeconds: RETENTION_SECONDS });
});

test('documents that no request created do not collide', async () => {
  const imported = [1_000_001, 1_000_002].map((_id) => ({ ...JANE, _id, email_key: JANE.email }));
  await stored.contacts.insertMany(imported);
  expect((await contacts.get([1_000_001, 1_000_002])).map((contact) => contact?.first_name)).toEqual(['Jane', 'Jane']);
  expect(await createOne(contacts)).toBeLessThan(1_000_001);
});

test('a start on documents without a counter creates it after the highest id', async () => {
  await stored.counters.deleteMany({});
  await store.prepare();
  expect(await stored.counters.findOne({ _id: 'contact' })).toEqual({ _id: 'contact', next: 1_000_003 });
});

async function prepareError(address = url, retentionSeconds = RETENTION_SECONDS): Promise<unknown> {
  const again = openStore(address, { retentionSeconds });
  onTestFinished(() => again.close());
  return again.prepare().catch((rejection: unknown) => rejection);
}

test.each<[string, string, IndexDescription, string]>([
  ['another key', 'of_client', { name: 'of_client', key: { client_id: 1 } }, 'differ in key, partialFilterExpression'],
  ['another condition', 'with_email', { name: 'with_email', key: { email_key: 1, _id: 1 } }, 'partialFilterExpression'],
  ['no uniqueness', 'created_by', { name: 'created_by', key: { created_by: 1 } }, 'differ in unique, partialFilter'],
  [
    'another name',
    'of_client',
    { name: 'mine', key: { client_id: 1, _id: 1 }, partialFilterExpression: { client_id: { $exists: true } } },
    'differ in name',
  ],
])('a conflicting index with %s is reported with its name and the fix', async (_, name, present, words) => {
  await stored.contacts.dropIndex(name);
  const { name: presentName = '' } = present;
  await stored.contacts.createIndexes([present]);
  const error = await prepareError();
  expect(error).toBeInstanceOf(StoreMismatchError);
  const { message } = error as Error;
  expect(message).toContain(`has an index "${presentName}" that is in the way of the worker's "${name}"`);
  expect(message).toContain(words);
  expect(message).toContain(`db.contacts.dropIndex("${presentName}")`);
  expect(message.length).toBeLessThan(500);
  await stored.contacts.dropIndex(presentName);
  await store.prepare();
});

test('documents that violate a unique index are reported', async () => {
  await stored.contacts.dropIndex('created_by');
  const twins = [3_000_001, 3_000_002].map((_id) => ({ _id, created_by: 'twin' }));
  await stored.contacts.insertMany(twins);
  const error = await prepareError();
  expect(error).toBeInstanceOf(StoreMismatchError);
  expect((error as Error).message).toContain('documents share a value of its field');
  await stored.contacts.deleteMany({ created_by: 'twin' });
  await store.prepare();
});

test('a missing right to change an index is a mismatch; any other missing right is an outage with its reason', async () => {
  const proxy = await CommandProxy.before(url);
  onTestFinished(() => proxy.close());
  proxy.refuse('collMod', 13);
  const error = await prepareError(proxy.url(url), 3_600);
  expect(error).toBeInstanceOf(StoreMismatchError);
  expect((error as Error).message).toMatch(
    /lacks the right to change it. Grant collMod on the collection .* or set RETENTION_SECONDS/,
  );
  expect((error as Error).message.length).toBeLessThan(500);
  for (const [code, words] of [
    [13, 'the database user lacks the right'],
    [18, 'rejects the user name or the password'],
  ] as const) {
    proxy.refuse('createIndexes', code);
    const unavailable = await prepareError(proxy.url(url));
    expect(unavailable).toBeInstanceOf(UnavailableError);
    expect((unavailable as Error).message).toContain(words);
  }
});
