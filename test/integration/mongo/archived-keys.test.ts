import { beforeEach, expect, test } from 'vitest';

import type { Update } from '../../../src/contacts/repository.ts';
import { MAX_APPLIED_KEYS } from '../../../src/mongo/archived-keys.ts';
import { createOne, updateOf } from '../../support/contact-repository/fixtures.ts';
import { freshStore } from './fresh-store.ts';

const { contacts, stored } = freshStore();
let id: number;

beforeEach(async () => {
  id = await createOne(contacts);
});

test('contacts with equal or different numbers of archivals may share a batch', async () => {
  const full = Array.from({ length: MAX_APPLIED_KEYS }, (_, i) => `full-${i}`);
  const states = [
    {},
    { moved_out: 1 },
    { moved_out: 1 },
    { moved_out: 7 },
    { applied: full },
    { moved_out: 2, applied: full },
  ];
  const ids: number[] = [];
  for (const state of states) {
    const of = await createOne(contacts);
    ids.push(of);
    await stored.contacts.updateOne({ _id: of }, { $set: { updated_at: new Date(0), ...state } });
  }
  const batch = ids.map((of) => updateOf(of, { first_name: `n${of}` }));
  expect(await contacts.update(batch)).toEqual(batch.map(() => 'applied'));
  expect(await contacts.update(batch)).toEqual(batch.map(() => 'repeated'));
  expect((await contacts.get(ids)).map((contact) => contact?.first_name)).toEqual(ids.map((of) => `n${of}`));
});

test('a contact holds a bounded number of keys, and archived keys are recognised', async () => {
  const updates = Array.from({ length: 2 * MAX_APPLIED_KEYS + 50 }, (_, i) => updateOf(id, { first_name: `N${i}` }));
  for (const one of updates) expect(await contacts.update([one])).toEqual(['applied']);
  const document = await stored.contacts.findOne({ _id: id });
  expect(document?.applied?.length).toBeLessThanOrEqual(MAX_APPLIED_KEYS);
  for (const i of [0, 1, MAX_APPLIED_KEYS, updates.length - 1]) {
    expect(await contacts.update([updates[i] as Update])).toEqual(['repeated']);
  }
});

test('no worker misses keys that are archived while it updates', async () => {
  const known = Array.from({ length: MAX_APPLIED_KEYS - 1 }, () => updateOf(id, { first_name: 'old' }));
  for (const one of known) await contacts.update([one]);
  // Half of them repeat keys that are being archived.
  const racing = Array.from({ length: 40 }, (_, i) =>
    i % 2 === 0 ? (known[i] as Update) : updateOf(id, { first_name: `N${i}` }),
  );
  const outcomes = (await Promise.all(racing.map((one) => contacts.update([one])))).flat();
  racing.forEach((_, i) =>
    expect(outcomes[i]).toEqual(i % 2 === 0 ? 'repeated' : expect.stringMatching(/applied|repeated/)),
  );
  const applied = (await stored.contacts.findOne({ _id: id }))?.applied ?? [];
  const archived = await stored.archivedKeys.find({ contact_id: id }).toArray();
  const keys = [...applied, ...archived.map(({ _id }) => _id)];
  const all = new Set([...known, ...racing].map(({ key }) => key.id));
  expect(keys.toSorted()).toEqual([...all].toSorted());
});
