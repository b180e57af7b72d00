import type { Document } from 'mongodb';
import { afterAll, expect, onTestFinished, test } from 'vitest';

import { openRequestSearch } from '../../../src/mongo/request-search.ts';
import { DEFAULT_LIMITS } from '../../../src/mongo/connection/client.ts';
import { openStore } from '../../../src/mongo/store.ts';
import { createOne, creation, deletionOf, JANE, strict, updateOf } from '../../support/contact-repository/fixtures.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { CommandProxy } from './command-proxy.ts';
import { freshStore } from './fresh-store.ts';

const RETENTION_SECONDS = 3_600;
const { url, contacts, stored } = freshStore({ sharded: true, retentionSeconds: RETENTION_SECONDS });
const otherStore = openStore(url, { sharded: true, retentionSeconds: RETENTION_SECONDS });
const other = strict(otherStore.contacts);
afterAll(() => otherStore.close());

const UNUSABLE = new Date(Date.now() - RETENTION_SECONDS * 500 - 1_000);
const isInsertOfContacts = ({ insert }: Document): boolean => insert === 'contacts';

/** A repository behind a proxy. */
async function proxied(): Promise<{ proxy: CommandProxy; slow: typeof contacts }> {
  const proxy = await CommandProxy.before(url);
  // A command that is kept back must not time out.
  const limits = { ...DEFAULT_LIMITS, answerMs: 60_000 };
  const store = openStore(proxy.url(url), { sharded: true, retentionSeconds: RETENTION_SECONDS, limits });
  onTestFinished(() => store.close());
  onTestFinished(() => proxy.close());
  await store.ping();
  return { proxy, slow: strict(store.contacts) };
}

/** Runs `meanwhile` while a worker has claimed its creates and has not inserted the contacts. */
async function betweenClaimAndContact<T>(
  batch: readonly ReturnType<typeof creation>[],
  meanwhile: () => Promise<T>,
): Promise<{ slow: Awaited<ReturnType<typeof contacts.create>>; meanwhile: T }> {
  const { proxy, slow } = await proxied();
  proxy.hold(isInsertOfContacts);
  const creating = slow.create(batch);
  await expect.poll(() => proxy.held).toBe(1);
  const result = await meanwhile();
  proxy.release();
  return { slow: await creating, meanwhile: result };
}

const documentsOf = (key: string): Promise<number> => stored.contacts.countDocuments({ created_by: key });

test('contacts have no unique index but the one on _id', async () => {
  const indexes = (await stored.contacts.listIndexes().toArray()) as { name: string; unique?: boolean }[];
  expect(indexes.map(({ name }) => name)).toContain('deleted');
  expect(indexes.filter(({ unique, name }) => unique === true && name !== '_id_')).toEqual([]);
});

test('a claim without its contact is completed by a repeat, with the id of the claim', async () => {
  const one = creation();
  const id = await createOne(contacts);
  await stored.claims.insertOne({ _id: one.key.id, contact_id: id + 1_000, at: new Date() });
  expect(await contacts.findEarlierCreations([one])).toEqual([undefined]);
  expect(await contacts.create([creation(), one])).toMatchObject([{}, { id: id + 1_000, repeated: false }]);
  expect(await contacts.get([id + 1_000])).toEqual([{ contact_id: id + 1_000, ...JANE }]);
  expect(await other.create([one])).toEqual([{ id: id + 1_000, repeated: true }]);
});

test('two workers between claim and contact create one contact, and answer the same id', async () => {
  const batch = [creation(), creation()];
  const { slow, meanwhile } = await betweenClaimAndContact(batch, () => other.create(batch));
  expect(slow.map(({ id }) => id)).toEqual(meanwhile.map(({ id }) => id));
  expect([...slow, ...meanwhile].filter(({ repeated }) => !repeated)).toHaveLength(2);
  for (const { key } of batch) expect(await documentsOf(key.id)).toBe(1);
});

test('a slow worker does not create again what was created and deleted meanwhile', async () => {
  const one = creation();
  const { slow, meanwhile } = await betweenClaimAndContact([one], async () => {
    const [created] = await other.create([one]);
    await other.delete([deletionOf(created!.id)]);
    return created;
  });
  expect(slow).toEqual([{ id: meanwhile?.id, repeated: true }]);
  expect(await contacts.get([slow[0]!.id])).toEqual([undefined]);
  expect(await documentsOf(one.key.id)).toBe(1);
});

test('a claim that was never used and has aged gives its id up, and a slow worker cannot use it', async () => {
  const one = creation();
  const { slow, meanwhile } = await betweenClaimAndContact([one], async () => {
    const claim = await stored.claims.findOneAndUpdate({ _id: one.key.id }, { $set: { at: UNUSABLE } });
    const [created] = await other.create([one]);
    expect(created?.id).not.toBe(claim?.contact_id);
    expect(created?.repeated).toBe(false);
    return created;
  });
  expect(slow).toEqual([{ id: meanwhile?.id, repeated: true }]);
  expect(await documentsOf(one.key.id)).toBe(1);
});

test('a contact that is inserted while its aged claim is given up keeps its id', async () => {
  const one = creation();
  const { slow, meanwhile } = await betweenClaimAndContact([one], async () => {
    await stored.claims.updateOne({ _id: one.key.id }, { $set: { at: UNUSABLE } });
    const { proxy, slow: giving } = await proxied();
    proxy.hold(isInsertOfContacts);
    const created = giving.create([one]);
    await expect.poll(() => proxy.held).toBe(1);
    return { proxy, created };
  });
  meanwhile.proxy.release();
  expect(slow[0]?.repeated).toBe(false);
  expect(await meanwhile.created).toEqual([{ id: slow[0]?.id, repeated: true }]);
  expect(await documentsOf(one.key.id)).toBe(1);
});

test('a deleted id is not created again once its tombstone has expired, whether the delete was recorded or not', async () => {
  const batch = [creation(), creation()];
  const [recorded, unrecorded] = (await contacts.create(batch)).map(({ id }) => id) as [number, number];
  await contacts.delete([deletionOf(recorded), deletionOf(unrecorded)]);
  await stored.claims.updateOne({ _id: batch[1]!.key.id }, { $unset: { deleted_at: '' }, $set: { at: UNUSABLE } });
  await stored.contacts.deleteMany({ _id: { $in: [recorded, unrecorded] } });
  const [first, second] = await contacts.create(batch);
  expect(first).toEqual({ id: recorded, repeated: true });
  expect(second?.repeated).toBe(false);
  expect(second?.id).toBeGreaterThan(unrecorded);
  expect(await contacts.get([recorded, unrecorded, second!.id])).toMatchObject([undefined, undefined, JANE]);
});

test('a delete marks the claims of its contacts, also when the delete before it was cut off', async () => {
  const [one, kept] = [creation(), creation()];
  const [created] = await contacts.create([one, kept]);
  const deletion = deletionOf(created!.id);
  expect(await contacts.delete([deletion])).toEqual(['applied']);
  const claim = (key: string): Promise<Document | null> => stored.claims.findOne({ _id: key });
  expect(await claim(one.key.id)).toMatchObject({ deleted_at: expect.any(Date) as Date });
  expect(await claim(kept.key.id)).not.toHaveProperty('deleted_at');
  await stored.claims.updateOne({ _id: one.key.id }, { $unset: { deleted_at: '' } });
  expect(await contacts.create([one])).toEqual([{ id: created!.id, repeated: true }]);
  expect(await contacts.delete([deletionOf(created!.id)])).toEqual(['not-found']);
  expect(await claim(one.key.id)).not.toHaveProperty('deleted_at');
  expect(await contacts.delete([deletion])).toEqual(['repeated']);
  expect(await claim(one.key.id)).toMatchObject({ deleted_at: expect.any(Date) as Date });
});

test('a claim whose id another document has gets another id', async () => {
  const [one, two] = [creation(), creation()];
  const taken = (await createOne(contacts)) + 500;
  await stored.contacts.insertOne({ _id: taken, client_id: 1 });
  await stored.claims.insertMany([one, two].map(({ key }) => ({ _id: key.id, contact_id: taken, at: new Date() })));
  const created = await contacts.create([one, two]);
  expect(created.map(({ repeated }) => repeated)).toEqual([false, false]);
  expect(new Set([taken, ...created.map(({ id }) => id)]).size).toBe(3);
  expect(await stored.contacts.findOne({ _id: taken })).toEqual({ _id: taken, client_id: 1 });
  expect(await contacts.create([two, one])).toEqual(created.toReversed().map(({ id }) => ({ id, repeated: true })));
});

test('claims that other programs damaged cost nobody else', async () => {
  const batch = [creation(), creation(), creation()];
  const damaged = [
    { contact_id: 'x', at: new Date() },
    { contact_id: -1, at: 'x' },
  ] as unknown as { contact_id: number; at: Date }[];
  await stored.claims.insertMany(damaged.map((claim, i) => ({ _id: batch[i]!.key.id, ...claim })));
  const created = await contacts.create(batch);
  expect(created.map(({ repeated }) => repeated)).toEqual([false, false, false]);
  expect(await contacts.create(batch)).toEqual(created.map(({ id }) => ({ id, repeated: true })));
});

test('a redelivery without message_id completes the claim of its earlier delivery', async () => {
  const first = creation({}, 'dprefix~one');
  const again = { key: { id: 'dprefix~two', earlier: 'dprefix~' }, fields: JANE };
  const { slow, meanwhile } = await betweenClaimAndContact([first], () => other.create([again]));
  expect(slow).toEqual([{ id: meanwhile[0]?.id, repeated: true }]);
  expect(meanwhile[0]?.repeated).toBe(false);
  expect(await stored.contacts.countDocuments({ created_by: { $regex: '^dprefix' } })).toBe(1);
});

test('a counter that is reset while two workers create loses no contact', async () => {
  await contacts.create(Array.from({ length: 50 }, () => creation()));
  await stored.counters.updateOne({ _id: 'contact' }, { $set: { next: 1 } });
  const batches = Array.from({ length: 6 }, () => Array.from({ length: 10 }, () => creation()));
  const created = await Promise.all(batches.map((batch, i) => (i % 2 === 0 ? contacts : other).create(batch)));
  expect(created.flat().every(({ repeated }) => !repeated)).toBe(true);
  expect(new Set(created.flat().map(({ id }) => id)).size).toBe(60);
  for (const { key } of batches.flat()) expect(await documentsOf(key.id)).toBe(1);
});

// While a document moves between shards, a command may change it never, or twice.
test('a count that is wrong does not make an update applied, nor a delete', async () => {
  const ids = (await contacts.create([creation(), creation()])).map(({ id }) => id);
  const { proxy, slow } = await proxied();
  let lies = 1;
  proxy.answer('update', { ok: 1, n: 2, nModified: 2 }, ({ update }) => update === 'contacts' && lies-- > 0);
  expect(await slow.update(ids.map((id) => updateOf(id, { first_name: 'Moved' })))).toEqual(['applied', 'applied']);
  expect((await contacts.get(ids)).map((contact) => contact?.first_name)).toEqual(['Moved', 'Moved']);
  lies = 1;
  expect(await slow.delete(ids.map((id) => deletionOf(id)))).toEqual(['applied', 'applied']);
  expect(await contacts.get(ids)).toEqual([undefined, undefined]);
  expect(lies).toBeLessThan(0);
});

test('a search for a request finds its contact by the claim, and nothing where only the claim exists', async () => {
  const [done, open] = [creation(), creation()];
  const [created] = await contacts.create([done]);
  await stored.claims.insertOne({ _id: open.key.id, contact_id: created!.id + 1_000, at: new Date() });
  const search = openRequestSearch(url, 5_000);
  onTestFinished(() => search.close());
  expect(await search.find(done.key.id)).toMatchObject([{ kind: 'created', contactId: created!.id }]);
  expect(await search.find(open.key.id)).toEqual([]);
});

test('the search needs no right on claims where there are none', async () => {
  const { mongodbUrl } = freshNames();
  const store = openStore(mongodbUrl);
  onTestFinished(() => store.close());
  await store.prepare();
  const one = creation();
  const [created] = await store.contacts.create([one]);
  const proxy = await CommandProxy.before(mongodbUrl);
  onTestFinished(() => proxy.close());
  proxy.refuse('find', 13, ({ find }) => find === 'create_claims');
  const search = openRequestSearch(proxy.url(mongodbUrl), 5_000);
  onTestFinished(() => search.close());
  expect(await search.find(one.key.id)).toMatchObject([{ kind: 'created', contactId: (created as { id: number }).id }]);
});
