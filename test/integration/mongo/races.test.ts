import { afterAll, expect, test } from 'vitest';

import { openStore } from '../../../src/mongo/store.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { creation, freshKey, freshStore, soundOf } from './fresh-store.ts';

const { url, contacts, stored } = freshStore();
const otherStore = openStore(url);
const otherContacts = soundOf(otherStore.contacts);
afterAll(() => otherStore.close());

test('workers that start together on an empty database both come up, and share one counter', async () => {
  const { mongodbUrl } = freshNames();
  const workers = Array.from({ length: 4 }, () => openStore(mongodbUrl));
  try {
    await Promise.all(workers.map((worker) => worker.prepare()));
    const created = await Promise.all(
      workers.map((worker) => soundOf(worker.contacts).create([creation(), creation()])),
    );
    const ids = created.flat().map(({ id }) => id);
    expect(ids.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  } finally {
    await Promise.all(workers.map((worker) => worker.close()));
  }
});

test('two workers that get the same creates at once make each once and answer the same ids', async () => {
  for (let round = 0; round < 10; round += 1) {
    const batch = Array.from({ length: 40 }, () => creation());
    const [one, other] = await Promise.all([contacts.create(batch), otherContacts.create(batch.toReversed())]);
    const ids = one.map(({ id }) => id);
    expect(other.toReversed().map(({ id }) => id)).toEqual(ids);
    expect(new Set(ids).size).toBe(40);
    const fresh = [...one, ...other].filter(({ repeated }) => !repeated);
    expect(fresh).toHaveLength(40);
    const keys = batch.map(({ key }) => key.id);
    expect(await stored.contacts.countDocuments({ created_by: { $in: keys } })).toBe(40);
  }
});

test('two workers that get the same updates at once apply each once', async () => {
  const created = await contacts.create(Array.from({ length: 30 }, () => creation()));
  const batch = created.map(({ id }) => ({ key: { id: freshKey() }, id, changes: { first_name: `n${id}` } }));
  const [one, other] = await Promise.all([contacts.update(batch), otherContacts.update(batch.toReversed())]);
  const outcomes = one.map((outcome, i) => [outcome, other.toReversed()[i]]);
  for (const pair of outcomes) {
    expect(pair).not.toContain('not-found');
    expect(pair).toContain('applied');
  }
  for (const { id, key } of batch) {
    expect((await stored.contacts.findOne({ _id: id }))?.applied).toEqual([key.id]);
  }
});

test('of two different deletes of one contact at once, one succeeds and the other finds nothing', async () => {
  const created = await contacts.create(Array.from({ length: 30 }, () => creation()));
  const deletions = (): { key: { id: string }; id: number }[] =>
    created.map(({ id }) => ({ key: { id: freshKey() }, id }));
  const [one, other] = await Promise.all([contacts.delete(deletions()), otherContacts.delete(deletions())]);
  one.forEach((outcome, i) => expect(new Set([outcome, other[i]])).toEqual(new Set(['applied', 'not-found'])));
});

test('a counter that is put back while two workers create costs no contact', async () => {
  await contacts.create(Array.from({ length: 50 }, () => creation()));
  await stored.counters.updateOne({ _id: 'contact' }, { $set: { next: 1 } });
  const batches = Array.from({ length: 6 }, () => Array.from({ length: 10 }, () => creation()));
  const created = await Promise.all(batches.map((batch, i) => (i % 2 === 0 ? contacts : otherContacts).create(batch)));
  expect(created.flat().every(({ repeated }) => !repeated)).toBe(true);
  expect(new Set(created.flat().map(({ id }) => id)).size).toBe(60);
  const keys = batches.flat().map(({ key }) => key.id);
  expect(await stored.contacts.countDocuments({ created_by: { $in: keys } })).toBe(60);
});
