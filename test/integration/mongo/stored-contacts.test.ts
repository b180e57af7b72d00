import { beforeEach, expect, test } from 'vitest';

import {
  createOne,
  creation,
  deletionOf,
  freshPrefix,
  JANE,
  MIXED_CHANGES,
  updateOf,
} from '../../support/contact-repository/fixtures.ts';
import { freshStore } from './fresh-store.ts';

const { contacts, stored } = freshStore();
let id: number;

beforeEach(async () => {
  id = await createOne(contacts);
});

const countCreatedBy = (keys: readonly string[]): Promise<number> =>
  stored.contacts.countDocuments({ created_by: { $in: [...keys] } });

test('a repeated create stores one document', async () => {
  const one = creation();
  await contacts.create([one]);
  await contacts.create([one]);
  expect(await countCreatedBy([one.key.id])).toBe(1);
});

test('the same key twice in a batch stores one document', async () => {
  const [one, other] = [creation(), creation()];
  await contacts.create([one, other, one]);
  expect(await countCreatedBy([one.key.id, other.key.id])).toBe(2);
});

test('a redelivery that a prefix recognises stores no document', async () => {
  const prefix = freshPrefix();
  await contacts.create([creation({}, `${prefix}one`)]);
  await contacts.create([{ key: { id: `${prefix}two`, earlier: prefix }, fields: JANE }]);
  expect(await stored.contacts.countDocuments({ created_by: { $regex: `^${prefix}` } })).toBe(1);
});

test('findEarlierCreations stores no document', async () => {
  const never = creation();
  await contacts.findEarlierCreations([never]);
  expect(await countCreatedBy([never.key.id])).toBe(0);
});

test('an empty phone of a create or an update is not stored', async () => {
  const empty = await createOne(contacts, { phone: '', mobile_phone: '' });
  const document = await stored.contacts.findOne({ _id: empty });
  expect(document).not.toHaveProperty('phone');
  expect(document).not.toHaveProperty('mobile_phone');
  await contacts.update([updateOf(id, { phone: '', mobile_phone: '1' })]);
  expect(await stored.contacts.findOne({ _id: id })).not.toHaveProperty('phone');
});

test('each update of a batch stores its own key, no null, and no empty phone', async () => {
  const ids: number[] = [];
  for (const _ of MIXED_CHANGES) ids.push(await createOne(contacts));
  await contacts.update(ids.slice(0, 4).map((of) => updateOf(of, { phone: '1', mobile_phone: '2' })));
  const batch = MIXED_CHANGES.map((change, i) => updateOf(ids[i] ?? 0, change));
  await contacts.update(batch.toReversed());
  const found = await contacts.get(ids);
  for (const [i, { key }] of batch.entries()) {
    const document = await stored.contacts.findOne({ _id: ids[i] ?? 0 });
    expect(document?.applied?.at(-1)).toBe(key.id);
    expect(Object.values(document ?? {})).not.toContain(null);
    expect(document && 'phone' in document).toBe(found[i]?.phone !== '');
    expect(document && 'mobile_phone' in document).toBe(found[i]?.mobile_phone !== '');
  }
});

test('a delete leaves a tombstone with keys and times, without personal data', async () => {
  const live = await stored.contacts.findOne({ _id: id });
  const change = updateOf(id, { phone: '1', mobile_phone: '2' });
  await contacts.update([change]);
  const deletion = deletionOf(id);
  expect(await contacts.delete([deletion])).toEqual(['applied']);
  expect(await stored.contacts.findOne({ _id: id })).toEqual({
    _id: id,
    created_by: live?.created_by,
    applied: [change.key.id],
    deleted_at: expect.any(Date),
    deleted_by: deletion.key.id,
    last_batch: expect.any(String),
  });
});

test('each tombstone of a batch holds the key of its own request', async () => {
  const batch = [await createOne(contacts), await createOne(contacts), id].map((of) => deletionOf(of));
  expect(await contacts.delete(batch)).toEqual(['applied', 'applied', 'applied']);
  for (const { key, id: of } of batch) {
    expect((await stored.contacts.findOne({ _id: of }))?.deleted_by).toBe(key.id);
  }
});
