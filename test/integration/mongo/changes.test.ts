import { beforeEach, expect, test } from 'vitest';

import type { ContactChanges } from '../../../src/contacts/contact.ts';
import type { Update } from '../../../src/contacts/repository.ts';
import { MAX_APPLIED_KEYS } from '../../../src/mongo/archived-keys.ts';
import { createOne, freshKey, freshStore, JANE } from './fresh-store.ts';

const { contacts, stored } = freshStore();
const NOBODY = 4_000_000_000;
let id: number;

beforeEach(async () => {
  id = await createOne(contacts);
});

const update = (changes: ContactChanges, key = freshKey(), of = id): Update => ({ key: { id: key }, id: of, changes });

test('an update changes what it names and nothing else', async () => {
  expect(await contacts.update([update({ last_name: 'Roe', client_id: 9 })])).toEqual(['applied']);
  expect(await contacts.get([id])).toEqual([{ contact_id: id, ...JANE, last_name: 'Roe', client_id: 9 }]);
});

test('an empty phone clears it, and a new one can be set again', async () => {
  await contacts.update([update({ phone: '', mobile_phone: '1' })]);
  expect((await contacts.get([id]))[0]).toMatchObject({ phone: '', mobile_phone: '1' });
  expect(await stored.contacts.findOne({ _id: id })).not.toHaveProperty('phone');
  await contacts.update([update({ phone: '2', mobile_phone: '' })]);
  expect((await contacts.get([id]))[0]).toMatchObject({ phone: '2', mobile_phone: '' });
});

test('the updates of a batch give each contact what its own names, and keep the rest', async () => {
  const changes: ContactChanges[] = [
    { first_name: '$last_name' },
    { phone: '' },
    { phone: '3', mobile_phone: '' },
    { mobile_phone: '$$ROOT' },
    { client_id: 8, email: 'Own@Doe.example' },
    {},
  ];
  const ids: number[] = [];
  for (const _ of changes) ids.push(await createOne(contacts));
  const before = { phone: '1', mobile_phone: '2' };
  await contacts.update(ids.slice(0, 4).map((of) => update(before, freshKey(), of)));
  const batch = changes.map((change, i) => update(change, freshKey(), ids[i]));
  // Any order: that of the batch need not be that of the ids.
  expect(await contacts.update(batch.toReversed())).toEqual(batch.map(() => 'applied'));
  const found = await contacts.get(ids);
  expect(found).toEqual(changes.map((change, i) => ({ contact_id: ids[i], ...JANE, ...(i < 4 && before), ...change })));
  for (const [i, { key }] of batch.entries()) {
    const document = await stored.contacts.findOne({ _id: ids[i] ?? 0 });
    expect(document?.applied?.at(-1)).toBe(key.id);
    expect(Object.values(document ?? {})).not.toContain(null);
    expect(document && 'phone' in document).toBe(found[i]?.phone !== '');
    expect(document && 'mobile_phone' in document).toBe(found[i]?.mobile_phone !== '');
  }
});

test('contacts whose keys have moved out, equally often or not, may share a batch with others', async () => {
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
  const batch = ids.map((of) => update({ first_name: `n${of}` }, freshKey(), of));
  expect(await contacts.update(batch)).toEqual(batch.map(() => 'applied'));
  expect(await contacts.update(batch)).toEqual(batch.map(() => 'repeated'));
  expect((await contacts.get(ids)).map((contact) => contact?.first_name)).toEqual(ids.map((of) => `n${of}`));
});

test('an update that names nothing only tells whether the contact is there', async () => {
  expect(await contacts.update([update({}), update({}, freshKey(), NOBODY)])).toEqual(['applied', 'not-found']);
  expect((await contacts.get([id]))[0]).toEqual({ contact_id: id, ...JANE });
});

test('a changed address is found, the old one is not', async () => {
  const email = 'Changed@Doe.example';
  await contacts.update([update({ email })]);
  const query = { page: 1, per_page: 10, email: 'changed@doe.EXAMPLE' };
  const [present, old] = await contacts.list([query, { ...query, per_page: 1000, email: JANE.email }]);
  expect(present?.contacts.map(({ contact_id }) => contact_id)).toEqual([id]);
  expect(old?.contacts.map(({ contact_id }) => contact_id)).not.toContain(id);
});

test('a repeated old update does not undo a newer one', async () => {
  const old = update({ first_name: 'Old' });
  expect(await contacts.update([old])).toEqual(['applied']);
  expect(await contacts.update([update({ first_name: 'New' })])).toEqual(['applied']);
  expect(await contacts.update([old])).toEqual(['repeated']);
  expect((await contacts.get([id]))[0]?.first_name).toBe('New');
});

test('applied, repeated and not found are translateErrors apart within one batch', async () => {
  const repeated = update({ first_name: 'Once' });
  await contacts.update([repeated]);
  const deleted = await createOne(contacts);
  await contacts.delete([{ key: { id: freshKey() }, id: deleted }]);
  const fresh = update({ first_name: 'Now' }, freshKey(), await createOne(contacts));
  const outcomes = await contacts.update([
    repeated,
    update({}, freshKey(), NOBODY),
    fresh,
    update({ first_name: 'Ghost' }, freshKey(), deleted),
  ]);
  expect(outcomes).toEqual(['repeated', 'not-found', 'applied', 'not-found']);
  expect(await contacts.get([deleted, fresh.id])).toMatchObject([undefined, { first_name: 'Now' }]);
});

test('an update that took effect before the delete is still a repeat after it', async () => {
  const before = update({ first_name: 'Before' });
  await contacts.update([before]);
  await contacts.delete([{ key: { id: freshKey() }, id }]);
  expect(await contacts.update([before])).toEqual(['repeated']);
  expect(await contacts.get([id])).toEqual([undefined]);
});

test('a redelivered update without message id is recognised by the prefix of an earlier one', async () => {
  const family = `${freshKey('d')}~`;
  await contacts.update([update({ first_name: 'First' }, `${family}one`)]);
  await contacts.update([update({ first_name: 'Later' })]);
  const again = { key: { id: `${family}two`, earlier: family }, id, changes: { first_name: 'First' } };
  expect(await contacts.update([again])).toEqual(['repeated']);
  expect((await contacts.get([id]))[0]?.first_name).toBe('Later');
  const stranger = { ...again, key: { id: `${freshKey('d')}~x`, earlier: `${freshKey('d')}~` } };
  expect(await contacts.update([stranger])).toEqual(['applied']);
});

test('however many updates follow, each is recognised when it comes again, and a contact holds a bounded number of keys', async () => {
  const updates = Array.from({ length: 2 * MAX_APPLIED_KEYS + 50 }, (_, i) => update({ first_name: `N${i}` }));
  for (const one of updates) expect(await contacts.update([one])).toEqual(['applied']);
  const document = await stored.contacts.findOne({ _id: id });
  expect(document?.applied?.length).toBeLessThanOrEqual(MAX_APPLIED_KEYS);
  for (const i of [0, 1, MAX_APPLIED_KEYS, updates.length - 1]) {
    expect(await contacts.update([updates[i] as Update])).toEqual(['repeated']);
  }
  expect((await contacts.get([id]))[0]?.first_name).toBe(`N${updates.length - 1}`);
  const earlier = updates[3]?.key.id ?? '';
  const again = { ...update({ first_name: 'x' }), key: { id: `${earlier}~y`, earlier } };
  expect(await contacts.update([again])).toEqual(['repeated']);
  await contacts.delete([{ key: { id: freshKey() }, id }]);
  expect(await contacts.update([updates[0] as Update, update({}, freshKey(), NOBODY)])).toEqual([
    'repeated',
    'not-found',
  ]);
  expect(await contacts.update([update({ first_name: 'Ghost' })])).toEqual(['not-found']);
});

test('keys that move out while another worker updates are missed by nobody', async () => {
  const known = Array.from({ length: MAX_APPLIED_KEYS - 1 }, () => update({ first_name: 'old' }));
  for (const one of known) await contacts.update([one]);
  // Half of them are repeats of what is just moving out.
  const racing = Array.from({ length: 40 }, (_, i) =>
    i % 2 === 0 ? (known[i] as Update) : update({ first_name: `N${i}` }),
  );
  const outcomes = (await Promise.all(racing.map((one) => contacts.update([one])))).flat();
  racing.forEach((_, i) =>
    expect(outcomes[i]).toEqual(i % 2 === 0 ? 'repeated' : expect.stringMatching(/applied|repeated/)),
  );
  const held = (await stored.contacts.findOne({ _id: id }))?.applied ?? [];
  const past = await stored.archivedKeys.find({ contact_id: id }).toArray();
  const keys = [...held, ...past.map(({ _id }) => _id)];
  const all = new Set([...known, ...racing].map(({ key }) => key.id));
  expect(keys.toSorted()).toEqual([...all].toSorted());
});

test('what was done before can be asked without doing anything', async () => {
  const [made, never] = [update({ first_name: 'Made' }), update({ first_name: 'Never' })];
  await contacts.update([made]);
  expect(await contacts.findEarlierUpdates([made, never, update({}, freshKey(), NOBODY)])).toEqual([
    true,
    false,
    false,
  ]);
  const deletion = { key: { id: freshKey() }, id };
  expect(await contacts.findEarlierDeletions([deletion])).toEqual([false]);
  await contacts.delete([deletion]);
  expect(await contacts.findEarlierDeletions([deletion, { key: { id: freshKey() }, id }])).toEqual([true, false]);
  expect(await contacts.findEarlierUpdates([made, never])).toEqual([true, false]);
});

test('a delete leaves a tombstone with keys and times and nothing of the person', async () => {
  const made = await stored.contacts.findOne({ _id: id });
  const change = update({ phone: '1', mobile_phone: '2' });
  await contacts.update([change]);
  const key = { id: freshKey() };
  expect(await contacts.delete([{ key, id }])).toEqual(['applied']);
  expect(await contacts.get([id])).toEqual([undefined]);
  expect(await stored.contacts.findOne({ _id: id })).toEqual({
    _id: id,
    created_by: made?.created_by,
    applied: [change.key.id],
    deleted_at: expect.any(Date),
    deleted_by: key.id,
    last_batch: expect.any(String),
  });
});

test('the deletes of a batch leave each tombstone the key of its own request', async () => {
  const ids = [await createOne(contacts), await createOne(contacts), id];
  const batch = ids.map((of) => ({ key: { id: freshKey() }, id: of }));
  expect(await contacts.delete(batch)).toEqual(['applied', 'applied', 'applied']);
  for (const { key, id: of } of batch) {
    expect((await stored.contacts.findOne({ _id: of }))?.deleted_by).toBe(key.id);
  }
});

test('a repeated delete is a repeat; another delete of the same contact finds nothing', async () => {
  const key = { id: freshKey() };
  await contacts.delete([{ key, id }]);
  const alive = await createOne(contacts);
  const outcomes = await contacts.delete([
    { key, id },
    { key: { id: freshKey() }, id: alive },
    { key: { id: freshKey() }, id: NOBODY },
  ]);
  expect(outcomes).toEqual(['repeated', 'applied', 'not-found']);
  expect(await contacts.delete([{ key: { id: freshKey() }, id }])).toEqual(['not-found']);
});

test('a redelivered delete without message id is recognised by the prefix of an earlier one', async () => {
  const family = `${freshKey('d')}~`;
  await contacts.delete([{ key: { id: `${family}one` }, id }]);
  expect(await contacts.delete([{ key: { id: `${family}two`, earlier: family }, id }])).toEqual(['repeated']);
  const other = `${freshKey('d')}~`;
  expect(await contacts.delete([{ key: { id: `${other}two`, earlier: other }, id }])).toEqual(['not-found']);
});

test('a deleted contact_id is not used again', async () => {
  await contacts.delete([{ key: { id: freshKey() }, id }]);
  expect(await createOne(contacts)).toBeGreaterThan(id);
});

test('values that look like operators or paths are text', async () => {
  const odd = { first_name: '$first_name', last_name: '{"$gt":""}', phone: '$$ROOT', mobile_phone: 'a.b.$[]' };
  await contacts.update([update(odd)]);
  expect((await contacts.get([id]))[0]).toMatchObject(odd);
});
