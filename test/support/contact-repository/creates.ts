import { expect, test } from 'vitest';

import {
  createOne,
  creation,
  deletionOf,
  freshKey,
  freshPrefix,
  idsOf,
  JANE,
  updateOf,
  type Subject,
} from './fixtures.ts';

/** Expects an empty store. */
export function describeCreates(subject: Subject): void {
  test('the first contact_id is 1, and a batch gets ids in its order', async () => {
    const { contacts } = subject;
    const created = await contacts.create(['a', 'b', 'c'].map((first_name) => creation({ first_name })));
    expect(created).toEqual([1, 2, 3].map((id) => ({ id, repeated: false })));
    const names = (await contacts.get([1, 2, 3])).map((contact) => contact?.first_name);
    expect(names).toEqual(['a', 'b', 'c']);
  });

  test('an empty batch returns nothing', async () => {
    expect(await subject.contacts.create([])).toEqual([]);
    expect(await subject.contacts.findEarlierCreations([])).toEqual([]);
  });

  test('a repeated create returns the same id and creates nothing', async () => {
    const { contacts } = subject;
    const one = creation({ client_id: 101 });
    const [first] = await contacts.create([one]);
    const again = await contacts.create([one]);
    expect(first?.repeated).toBe(false);
    expect(again).toEqual([{ id: first?.id, repeated: true }]);
    expect((await idsOf(contacts, { client_id: 101 })).ids).toEqual([first?.id]);
  });

  test('repeats in a batch do not affect their neighbours', async () => {
    const { contacts } = subject;
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

  test('the same key twice in a batch creates one contact', async () => {
    const { contacts } = subject;
    const [one, other] = [creation({ client_id: 102 }), creation({ client_id: 102 })];
    const created = await contacts.create([one, other, one]);
    expect(created[2]).toEqual({ id: created[0]?.id, repeated: true });
    expect(created[0]?.repeated).toBe(false);
    expect(created[1]?.id).not.toBe(created[0]?.id);
    expect((await idsOf(contacts, { client_id: 102 })).ids).toHaveLength(2);
  });

  test('a repeat is recognised after the contact was changed and after it was deleted', async () => {
    const { contacts } = subject;
    const one = creation();
    const [first] = await contacts.create([one]);
    const id = first!.id;
    await contacts.update([updateOf(id, { email: 'other@doe.example', first_name: 'Jill' })]);
    expect(await contacts.create([one])).toEqual([{ id, repeated: true }]);
    expect((await contacts.get([id]))[0]).toMatchObject({ first_name: 'Jill', email: 'other@doe.example' });
    await contacts.delete([deletionOf(id)]);
    expect(await contacts.create([one])).toEqual([{ id, repeated: true }]);
    expect(await contacts.get([id])).toEqual([undefined]);
  });

  test('a redelivery without message_id is recognised by the prefix of an earlier delivery', async () => {
    const { contacts } = subject;
    const prefix = freshPrefix();
    const fields = { ...JANE, client_id: 103 };
    const [first] = await contacts.create([creation(fields, `${prefix}one`)]);
    const redelivered = { key: { id: `${prefix}two`, earlier: prefix }, fields };
    const stranger = { key: { id: `${freshKey('d')}~x`, earlier: freshPrefix() }, fields };
    const created = await contacts.create([redelivered, stranger]);
    expect(created[0]).toEqual({ id: first?.id, repeated: true });
    expect(created[1]?.repeated).toBe(false);
    expect((await idsOf(contacts, { client_id: 103 })).ids).toEqual([first?.id, created[1]?.id]);
  });

  test('a redelivery in the same batch as its first delivery creates one contact', async () => {
    const prefix = freshPrefix();
    const first = creation({}, `${prefix}one`);
    const again = { key: { id: `${prefix}two`, earlier: prefix }, fields: JANE };
    const created = await subject.contacts.create([first, again]);
    expect(created).toEqual([
      { id: created[0]?.id, repeated: false },
      { id: created[0]?.id, repeated: true },
    ]);
  });

  test('a redelivery whose earlier delivery created nothing creates a contact', async () => {
    const { contacts } = subject;
    const prefix = freshPrefix();
    const redelivered = { key: { id: `${prefix}two`, earlier: prefix }, fields: JANE };
    const [created] = await contacts.create([redelivered]);
    expect(created?.repeated).toBe(false);
    expect(await contacts.create([redelivered])).toEqual([{ id: created?.id, repeated: true }]);
  });

  test('equal fields under different keys create two contacts', async () => {
    const [one, other] = await subject.contacts.create([creation(), creation()]);
    expect(one?.id).not.toBe(other?.id);
  });

  test('an empty phone comes back empty', async () => {
    const { contacts } = subject;
    const id = await createOne(contacts, { phone: '', mobile_phone: '' });
    expect((await contacts.get([id]))[0]).toMatchObject({ phone: '', mobile_phone: '' });
  });

  test('findEarlierCreations returns earlier creates and creates nothing', async () => {
    const { contacts } = subject;
    const [applied, never] = [creation(), creation({ client_id: 104 })];
    const [created] = await contacts.create([applied]);
    const repeat = { id: created?.id, repeated: true };
    expect(await contacts.findEarlierCreations([never, applied])).toEqual([undefined, repeat]);
    expect(await contacts.findEarlierCreations([applied, { ...applied }])).toEqual([repeat, repeat]);
    const prefixed = { ...applied, key: { id: `${applied.key.id}~two`, earlier: applied.key.id } };
    expect(await contacts.findEarlierCreations([prefixed])).toEqual([repeat]);
    expect((await idsOf(contacts, { client_id: 104 })).ids).toEqual([]);
  });
}
