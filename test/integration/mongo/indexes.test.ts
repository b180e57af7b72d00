import { expect, test } from 'vitest';

import { RETENTION_SECONDS } from '../../../src/mongo/indexes.ts';
import { openStore } from '../../../src/mongo/store.ts';
import { createOne, freshStore, JANE } from './fresh-store.ts';

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

test('every index of the design is there', async () => {
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

test('another time for tombstones is taken over at the next start', async () => {
  await prepareWith(3600);
  expect(await indexOn('deleted_at')).toMatchObject({ expireAfterSeconds: 3600 });
  await prepareWith(RETENTION_SECONDS);
  expect(await indexOn('deleted_at')).toMatchObject({ expireAfterSeconds: RETENTION_SECONDS });
});

test('documents that no request made do not collide', async () => {
  const imported = [1_000_001, 1_000_002].map((_id) => ({ ...JANE, _id, email_key: JANE.email }));
  await stored.contacts.insertMany(imported);
  expect((await contacts.get([1_000_001, 1_000_002])).map((contact) => contact?.first_name)).toEqual(['Jane', 'Jane']);
  expect(await createOne(contacts)).toBeLessThan(1_000_001);
});

test('a start on documents without a counter brings it past them', async () => {
  await stored.counters.deleteMany({});
  await store.prepare();
  expect(await stored.counters.findOne({ _id: 'contact' })).toEqual({ _id: 'contact', next: 1_000_003 });
});
