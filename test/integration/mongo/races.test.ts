import { afterAll, expect, test } from 'vitest';

import { openStore } from '../../../src/mongo/store.ts';
import { creation, strict, updateOf } from '../../support/contact-repository/fixtures.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { freshStore } from './fresh-store.ts';

const { url, contacts, stored } = freshStore();
const otherStore = openStore(url);
const otherContacts = strict(otherStore.contacts);
afterAll(() => otherStore.close());

test('workers that start together on an empty database all start, and share one counter', async () => {
  const { mongodbUrl } = freshNames();
  const workers = Array.from({ length: 4 }, () => openStore(mongodbUrl));
  try {
    await Promise.all(workers.map((worker) => worker.prepare()));
    const created = await Promise.all(
      workers.map((worker) => strict(worker.contacts).create([creation(), creation()])),
    );
    const ids = created.flat().map(({ id }) => id);
    expect(ids.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  } finally {
    await Promise.all(workers.map((worker) => worker.close()));
  }
});

test('the same creates from two workers at once store one document each', async () => {
  for (let round = 0; round < 10; round += 1) {
    const batch = Array.from({ length: 40 }, () => creation());
    await Promise.all([contacts.create(batch), otherContacts.create(batch.toReversed())]);
    const keys = batch.map(({ key }) => key.id);
    expect(await stored.contacts.countDocuments({ created_by: { $in: keys } })).toBe(40);
  }
});

test('the same updates from two workers at once store one key each', async () => {
  const created = await contacts.create(Array.from({ length: 30 }, () => creation()));
  const batch = created.map(({ id }) => updateOf(id, { first_name: `n${id}` }));
  await Promise.all([contacts.update(batch), otherContacts.update(batch.toReversed())]);
  for (const { id, key } of batch) {
    expect((await stored.contacts.findOne({ _id: id }))?.applied).toEqual([key.id]);
  }
});

test('a counter that is reset while two workers create loses no contact', async () => {
  await contacts.create(Array.from({ length: 50 }, () => creation()));
  await stored.counters.updateOne({ _id: 'contact' }, { $set: { next: 1 } });
  const batches = Array.from({ length: 6 }, () => Array.from({ length: 10 }, () => creation()));
  const created = await Promise.all(batches.map((batch, i) => (i % 2 === 0 ? contacts : otherContacts).create(batch)));
  expect(created.flat().every(({ repeated }) => !repeated)).toBe(true);
  expect(new Set(created.flat().map(({ id }) => id)).size).toBe(60);
  const keys = batches.flat().map(({ key }) => key.id);
  expect(await stored.contacts.countDocuments({ created_by: { $in: keys } })).toBe(60);
});
