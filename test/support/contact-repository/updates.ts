import { beforeEach, expect, test } from 'vitest';

import type { ContactChanges } from '../../../src/contacts/contact.ts';
import type { Update } from '../../../src/contacts/repository.ts';
import {
  createOne,
  deletionOf,
  freshKey,
  freshPrefix,
  idsIn,
  JANE,
  MIXED_CHANGES,
  NOBODY,
  updateOf,
  type Subject,
} from './fixtures.ts';

/** More updates of one contact than an adapter is likely to keep in one place. */
const MANY = 450;

export function describeUpdates(subject: Subject): void {
  let id: number;
  beforeEach(async () => {
    id = await createOne(subject.contacts);
  });
  const update = (changes: ContactChanges, key?: string, of = id): Update => updateOf(of, changes, key);

  test('an update changes the named fields and nothing else', async () => {
    const { contacts } = subject;
    expect(await contacts.update([update({ last_name: 'Roe', client_id: 9 })])).toEqual(['applied']);
    expect(await contacts.get([id])).toEqual([{ contact_id: id, ...JANE, last_name: 'Roe', client_id: 9 }]);
  });

  test('an empty batch returns nothing', async () => {
    expect(await subject.contacts.update([])).toEqual([]);
    expect(await subject.contacts.findEarlierUpdates([])).toEqual([]);
  });

  test('an empty phone clears it, and a new one can be set again', async () => {
    const { contacts } = subject;
    await contacts.update([update({ phone: '', mobile_phone: '1' })]);
    expect((await contacts.get([id]))[0]).toMatchObject({ phone: '', mobile_phone: '1' });
    await contacts.update([update({ phone: '2', mobile_phone: '' })]);
    expect((await contacts.get([id]))[0]).toMatchObject({ phone: '2', mobile_phone: '' });
  });

  test('each update of a batch changes its own contact and keeps the rest', async () => {
    const { contacts } = subject;
    const ids: number[] = [];
    for (const _ of MIXED_CHANGES) ids.push(await createOne(contacts));
    const before = { phone: '1', mobile_phone: '2' };
    await contacts.update(ids.slice(0, 4).map((of) => update(before, undefined, of)));
    const batch = MIXED_CHANGES.map((change, i) => update(change, undefined, ids[i]));
    // The order of the batch need not be that of the ids.
    expect(await contacts.update(batch.toReversed())).toEqual(batch.map(() => 'applied'));
    expect(await contacts.get(ids)).toEqual(
      MIXED_CHANGES.map((change, i) => ({ contact_id: ids[i], ...JANE, ...(i < 4 && before), ...change })),
    );
  });

  test('an update that names no field only checks that the contact exists', async () => {
    const { contacts } = subject;
    expect(await contacts.update([update({}), update({}, undefined, NOBODY)])).toEqual(['applied', 'not-found']);
    expect((await contacts.get([id]))[0]).toEqual({ contact_id: id, ...JANE });
  });

  test('a list finds the new address and not the old one', async () => {
    const { contacts } = subject;
    const email = 'Changed@Doe.example';
    await contacts.update([update({ email })]);
    const query = { page: 1, per_page: 10, email: 'changed@doe.EXAMPLE' };
    const [present, old] = await contacts.list([query, { ...query, per_page: 1000, email: JANE.email }]);
    expect(idsIn(present)).toEqual([id]);
    expect(idsIn(old)).not.toContain(id);
  });

  test('a repeated old update does not undo a newer one', async () => {
    const { contacts } = subject;
    const old = update({ first_name: 'Old' });
    expect(await contacts.update([old])).toEqual(['applied']);
    expect(await contacts.update([update({ first_name: 'New' })])).toEqual(['applied']);
    expect(await contacts.update([old])).toEqual(['repeated']);
    expect((await contacts.get([id]))[0]?.first_name).toBe('New');
  });

  test('a batch distinguishes applied, repeated and not found', async () => {
    const { contacts } = subject;
    const repeated = update({ first_name: 'Once' });
    await contacts.update([repeated]);
    const deleted = await createOne(contacts);
    await contacts.delete([deletionOf(deleted)]);
    const fresh = update({ first_name: 'Now' }, undefined, await createOne(contacts));
    const outcomes = await contacts.update([
      repeated,
      update({}, undefined, NOBODY),
      fresh,
      update({ first_name: 'Ghost' }, undefined, deleted),
    ]);
    expect(outcomes).toEqual(['repeated', 'not-found', 'applied', 'not-found']);
    expect(await contacts.get([deleted, fresh.id])).toMatchObject([undefined, { first_name: 'Now' }]);
  });

  test('an update applied before the delete is still a repeat after it', async () => {
    const { contacts } = subject;
    const before = update({ first_name: 'Before' });
    await contacts.update([before]);
    await contacts.delete([deletionOf(id)]);
    expect(await contacts.update([before])).toEqual(['repeated']);
    expect(await contacts.get([id])).toEqual([undefined]);
  });

  test('a redelivery without message_id is recognised by the prefix of an earlier delivery', async () => {
    const { contacts } = subject;
    const prefix = freshPrefix();
    await contacts.update([update({ first_name: 'First' }, `${prefix}one`)]);
    await contacts.update([update({ first_name: 'Later' })]);
    const again = { key: { id: `${prefix}two`, earlier: prefix }, id, changes: { first_name: 'First' } };
    expect(await contacts.update([again])).toEqual(['repeated']);
    expect((await contacts.get([id]))[0]?.first_name).toBe('Later');
    const stranger = { ...again, key: { id: `${freshKey('d')}~x`, earlier: freshPrefix() } };
    expect(await contacts.update([stranger])).toEqual(['applied']);
  });

  test('a repeat is recognised however many updates follow, and after the delete', async () => {
    const { contacts } = subject;
    const updates = Array.from({ length: MANY }, (_, i) => update({ first_name: `N${i}` }));
    for (const one of updates) expect(await contacts.update([one])).toEqual(['applied']);
    for (const i of [0, 1, 200, MANY - 1]) expect(await contacts.update([updates[i] as Update])).toEqual(['repeated']);
    expect((await contacts.get([id]))[0]?.first_name).toBe(`N${MANY - 1}`);
    const earlier = updates[3]?.key.id ?? '';
    const again = { ...update({ first_name: 'x' }), key: { id: `${earlier}~y`, earlier } };
    expect(await contacts.update([again])).toEqual(['repeated']);
    await contacts.delete([deletionOf(id)]);
    const outcomes = await contacts.update([updates[0] as Update, update({}, undefined, NOBODY)]);
    expect(outcomes).toEqual(['repeated', 'not-found']);
    expect(await contacts.update([update({ first_name: 'Ghost' })])).toEqual(['not-found']);
  });

  test('findEarlierUpdates reports earlier updates, before and after a delete, and applies none', async () => {
    const { contacts } = subject;
    const [applied, never] = [update({ first_name: 'Applied' }), update({ first_name: 'Never' })];
    await contacts.update([applied]);
    const batch = [applied, never, update({}, undefined, NOBODY)];
    expect(await contacts.findEarlierUpdates(batch)).toEqual([true, false, false]);
    expect((await contacts.get([id]))[0]?.first_name).toBe('Applied');
    await contacts.delete([deletionOf(id)]);
    expect(await contacts.findEarlierUpdates([applied, never])).toEqual([true, false]);
  });

  test('values that look like operators or paths are text', async () => {
    const { contacts } = subject;
    const odd = { first_name: '$first_name', last_name: '{"$gt":""}', phone: '$$ROOT', mobile_phone: 'a.b.$[]' };
    await contacts.update([update(odd)]);
    expect((await contacts.get([id]))[0]).toMatchObject(odd);
  });
}
