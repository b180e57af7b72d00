import { expect, test } from 'vitest';

import { createOne, creation, freshKey, freshStore, JANE } from './fresh-store.ts';

const { contacts, stored } = freshStore();

test('the first contact_id is 1, and a batch gets ids in its order', async () => {
  const created = await contacts.create(['a', 'b', 'c'].map((first_name) => creation({ first_name })));
  expect(created).toEqual([1, 2, 3].map((id) => ({ id, repeated: false })));
  const names = (await contacts.get([1, 2, 3])).map((contact) => contact?.first_name);
  expect(names).toEqual(['a', 'b', 'c']);
});

test('an empty batch asks nothing', async () => {
  expect(await contacts.create([])).toEqual([]);
});

test('a repeated create answers the same id and stores nothing more', async () => {
  const one = creation();
  const [first] = await contacts.create([one]);
  const again = await contacts.create([one]);
  expect(first?.repeated).toBe(false);
  expect(again).toEqual([{ id: first?.id, repeated: true }]);
  expect(await stored.contacts.countDocuments({ created_by: one.key.id })).toBe(1);
});

test('repeats do not disturb their neighbours in a batch', async () => {
  const old = [creation(), creation()];
  const [a, b] = await contacts.create(old);
  const fresh = [creation(), creation(), creation()];
  const created = await contacts.create([fresh[0]!, old[1]!, fresh[1]!, old[0]!, fresh[2]!]);
  expect(created.map(({ repeated }) => repeated)).toEqual([false, true, false, true, false]);
  expect([created[1]?.id, created[3]?.id]).toEqual([b?.id, a?.id]);
  const ids = created.filter(({ repeated }) => !repeated).map(({ id }) => id);
  expect(ids).toEqual([...ids].sort((x, y) => x - y));
  expect(new Set([...ids, a?.id, b?.id]).size).toBe(5);
});

test('the same key twice in one batch is one contact', async () => {
  const [one, other] = [creation(), creation()];
  const created = await contacts.create([one, other, one]);
  expect(created[2]).toEqual({ id: created[0]?.id, repeated: true });
  expect(created[0]?.repeated).toBe(false);
  expect(created[1]?.id).not.toBe(created[0]?.id);
  expect(await stored.contacts.countDocuments({ created_by: { $in: [one.key.id, other.key.id] } })).toBe(2);
});

test('a repeat is recognised after the contact was changed and after it was deleted', async () => {
  const one = creation();
  const [first] = await contacts.create([one]);
  const id = first!.id;
  await contacts.update([{ key: { id: freshKey() }, id, changes: { email: 'other@doe.example', first_name: 'Jill' } }]);
  expect(await contacts.create([one])).toEqual([{ id, repeated: true }]);
  expect((await contacts.get([id]))[0]).toMatchObject({ first_name: 'Jill', email: 'other@doe.example' });
  await contacts.delete([{ key: { id: freshKey() }, id }]);
  expect(await contacts.create([one])).toEqual([{ id, repeated: true }]);
  expect(await contacts.get([id])).toEqual([undefined]);
});

test('a redelivery without message id is recognised by the prefix of an earlier one', async () => {
  const family = `${freshKey('d')}~`;
  const [first] = await contacts.create([creation({}, `${family}one`)]);
  const redelivered = { key: { id: `${family}two`, earlier: family }, fields: JANE };
  const stranger = { key: { id: `${freshKey('d')}~x`, earlier: `${freshKey('d')}~` }, fields: JANE };
  const created = await contacts.create([redelivered, stranger]);
  expect(created[0]).toEqual({ id: first?.id, repeated: true });
  expect(created[1]?.repeated).toBe(false);
  expect(await stored.contacts.countDocuments({ created_by: { $regex: `^${family}` } })).toBe(1);
});

test('a redelivery in the same batch as its first delivery is one contact', async () => {
  const family = `${freshKey('d')}~`;
  const first = creation({}, `${family}one`);
  const again = { key: { id: `${family}two`, earlier: family }, fields: JANE };
  const created = await contacts.create([first, again]);
  expect(created).toEqual([
    { id: created[0]?.id, repeated: false },
    { id: created[0]?.id, repeated: true },
  ]);
});

test('a redelivery that made nothing earlier is created', async () => {
  const family = `${freshKey('d')}~`;
  const redelivered = { key: { id: `${family}two`, earlier: family }, fields: JANE };
  const [created] = await contacts.create([redelivered]);
  expect(created?.repeated).toBe(false);
  expect(await contacts.create([redelivered])).toEqual([{ id: created?.id, repeated: true }]);
});

test('equal contents without equal keys are two contacts', async () => {
  const [one, other] = await contacts.create([creation(), creation()]);
  expect(one?.id).not.toBe(other?.id);
});

test('a counter behind the documents is lifted past them, and none is overwritten', async () => {
  // So far behind that going on from number to number would not get there.
  await contacts.create(Array.from({ length: 100 }, () => creation()));
  const highest = await createOne(contacts, { first_name: 'Before' });
  await stored.counters.updateOne({ _id: 'contact' }, { $set: { next: 1 } });
  const created = await contacts.create([creation(), creation(), creation(), creation()]);
  expect(created.map(({ repeated }) => repeated)).toEqual([false, false, false, false]);
  for (const { id } of created) expect(id).toBeGreaterThan(highest);
  expect(new Set(created.map(({ id }) => id)).size).toBe(4);
  expect((await contacts.get([highest]))[0]?.first_name).toBe('Before');
});

test('a counter that is gone starts behind the highest id there is, deleted ones included', async () => {
  const highest = await createOne(contacts);
  await contacts.delete([{ key: { id: freshKey() }, id: highest }]);
  await stored.counters.deleteMany({});
  expect(await createOne(contacts)).toBe(highest + 1);
});

test('an empty phone is not stored and comes back empty', async () => {
  const id = await createOne(contacts, { phone: '', mobile_phone: '' });
  const document = await stored.contacts.findOne({ _id: id });
  expect(document).not.toHaveProperty('phone');
  expect(document).not.toHaveProperty('mobile_phone');
  expect((await contacts.get([id]))[0]).toMatchObject({ phone: '', mobile_phone: '' });
});

test('what was created before can be asked without creating anything', async () => {
  const [made, never] = [creation(), creation()];
  const [created] = await contacts.create([made]);
  expect(await contacts.findEarlierCreations([never, made])).toEqual([undefined, { id: created?.id, repeated: true }]);
  expect(await stored.contacts.countDocuments({ created_by: never.key.id })).toBe(0);
});

test('contact_ids end at 2^53−1 and not beyond', async () => {
  await stored.counters.updateOne({ _id: 'contact' }, { $set: { next: Number.MAX_SAFE_INTEGER - 1 } });
  const id = await createOne(contacts);
  expect(id).toBe(Number.MAX_SAFE_INTEGER - 1);
  expect((await contacts.get([id]))[0]?.contact_id).toBe(Number.MAX_SAFE_INTEGER - 1);
  await expect(contacts.create([creation(), creation()])).rejects.toThrow('there are no contact_ids left');
});
