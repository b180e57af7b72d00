import { expect, onTestFinished, test } from 'vitest';

import { openStore } from '../../../src/mongo/store.ts';
import {
  createOne,
  creation,
  deletionOf,
  idsOf,
  JANE,
  strict,
  updateOf,
} from '../../support/contact-repository/fixtures.ts';
import { freshStore } from './fresh-store.ts';

const { url, contacts, stored } = freshStore();
const MAX_ID = Number.MAX_SAFE_INTEGER;

test('a counter behind the documents is raised past them, and no document is overwritten', async () => {
  // So far behind that single increments would not reach the highest id.
  await contacts.create(Array.from({ length: 100 }, () => creation()));
  const highest = await createOne(contacts, { first_name: 'Before' });
  await stored.counters.updateOne({ _id: 'contact' }, { $set: { next: 1 } });
  const created = await contacts.create([creation(), creation(), creation(), creation()]);
  expect(created.map(({ repeated }) => repeated)).toEqual([false, false, false, false]);
  for (const { id } of created) expect(id).toBeGreaterThan(highest);
  expect(new Set(created.map(({ id }) => id)).size).toBe(4);
  expect((await contacts.get([highest]))[0]?.first_name).toBe('Before');
});

test('a missing counter is recreated after the highest id, tombstones included', async () => {
  const highest = await createOne(contacts);
  await contacts.delete([deletionOf(highest)]);
  await stored.counters.deleteMany({});
  expect(await createOne(contacts)).toBe(highest + 1);
});

test('repeats behind repeats use up no contact_id, and new ones among them are created', async () => {
  const earlier = [creation(), creation(), creation()];
  const created = await contacts.create(earlier);
  const repeated = created.map(({ id }) => ({ id, repeated: true }));
  expect(await contacts.create(earlier)).toEqual(repeated);
  const counter = await stored.counters.findOne({ _id: 'contact' });
  expect(await contacts.create(earlier)).toEqual(repeated);
  expect(await stored.counters.findOne({ _id: 'contact' })).toEqual(counter);
  const mixed = await contacts.create([...earlier, creation()]);
  expect(mixed.slice(0, 3)).toEqual(repeated);
  expect(mixed[3]?.repeated).toBe(false);
  // One of those that were reserved ahead, or the next.
  expect(mixed[3]?.id).toBeGreaterThan(Math.max(...created.map(({ id }) => id)));
  expect(mixed[3]?.id).toBeLessThanOrEqual(Number(counter?.next));
});

test('a contact_id of 2^53−1 is read, updated, listed and deleted like any other', async () => {
  await stored.contacts.insertOne({ ...JANE, _id: MAX_ID, client_id: 77, email_key: JANE.email });
  expect(await contacts.update([updateOf(MAX_ID, { first_name: 'Last' })])).toEqual(['applied']);
  expect((await contacts.get([MAX_ID - 1, MAX_ID]))[1]?.first_name).toBe('Last');
  expect((await idsOf(contacts, { client_id: 77 })).ids).toEqual([MAX_ID]);
  expect(await contacts.delete([deletionOf(MAX_ID)])).toEqual(['applied']);
  await stored.contacts.deleteOne({ _id: MAX_ID });
});

test('contact_ids end at 2^53−1', async () => {
  await stored.counters.updateOne({ _id: 'contact' }, { $set: { next: MAX_ID - 1 } });
  // The file's own store may have reserved ids ahead.
  const fresh = openStore(url);
  onTestFinished(() => fresh.close());
  const id = await createOne(strict(fresh.contacts));
  expect(id).toBe(MAX_ID - 1);
  expect((await contacts.get([id]))[0]?.contact_id).toBe(MAX_ID - 1);
  await expect(fresh.contacts.create([creation(), creation()])).rejects.toThrow('there are no contact_ids left');
});
