import { BSONRegExp, Decimal128, Double, Long, ObjectId, type Document } from 'mongodb';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';

import { ItemDefectError } from '../../../src/contacts/repository.ts';
import { openStore } from '../../../src/mongo/store.ts';
import { StoreMismatchError } from '../../../src/protocol/errors.ts';
import { createOne, creation, freshKey, idsIn, JANE, strict } from '../../support/contact-repository/fixtures.ts';
import { freshStore } from './fresh-store.ts';

const reported: string[] = [];
const { url, store, contacts, stored } = freshStore({ foreign: (why) => reported.push(why.message) });
/** Inserts any document, as another program could. */
const insert = (document: Document): Promise<unknown> => stored.contacts.insertOne(document as never);
const LIST = { page: 1, per_page: 1000 };

beforeEach(() => reported.splice(0));
// Leftovers of a failed test must not fail the next.
afterEach(() => stored.contacts.deleteMany({ _id: { $not: { $gte: 1, $lt: 1_000 } } }));
afterEach(() => stored.contacts.deleteMany({ _id: 1.5 }));

test('documents whose _id is not a contact_id never stop creates, are reported at the start, and are on no unfiltered list', async () => {
  const highest = await createOne(contacts);
  const foreign = [new ObjectId(), 'text', new Date(), -3, NaN, 1.5, { a: 1 }, Long.MAX_VALUE, 1e300, true, null];
  for (const _id of foreign) await insert({ ...JANE, _id, email_key: JANE.email, client_id: 55 });
  await store.prepare();
  expect(reported).toEqual([
    'the collection contacts holds documents whose _id is no contact_id; the worker ignores them',
  ]);
  await stored.counters.deleteMany({});
  expect(await createOne(contacts)).toBe(highest + 1);
  await stored.counters.updateOne({ _id: 'contact' }, { $set: { next: 1 } });
  // The keys reverse the order of the batch, because inserts follow the keys.
  const created = await contacts.create([creation({}, freshKey('z')), creation({}, freshKey('a'))]);
  const [first = NaN, second = NaN] = created.map(({ id }) => id);
  // A reservation ahead may leave a gap.
  expect([highest + 1 < first, first < second]).toEqual([true, true]);
  const [everyone] = await contacts.list([LIST]);
  expect(idsIn(everyone)).toEqual([1, highest + 1, first, second]);
  expect(everyone?.hasMore).toBe(false);
  // Documents that sort after the contacts must not announce another page.
  expect(await contacts.list([{ page: 2, per_page: 3 }])).toMatchObject([{ hasMore: false }]);
  expect((await contacts.list([{ ...LIST, client_id: 55 }]))[0]).toEqual({ contacts: [], hasMore: false });
});

test('a contact_id may have any BSON number type', async () => {
  const ids = [1_000_001, 1_000_002, 1_000_003];
  const types = [Long.fromNumber(1_000_001), new Double(1_000_002), Decimal128.fromString('1000003')];
  for (const _id of types) await insert({ ...JANE, _id, client_id: Long.fromNumber(66), applied: [] });
  expect((await contacts.get(ids)).map((contact) => contact?.contact_id)).toEqual(ids);
  const updates = ids.map((id) => ({ key: { id: freshKey() }, id, changes: { first_name: `n${id}` } }));
  expect(await contacts.update(updates)).toEqual(['applied', 'applied', 'applied']);
  expect(await contacts.update(updates)).toEqual(['repeated', 'repeated', 'repeated']);
  const [page] = await contacts.list([{ ...LIST, client_id: 66 }]);
  expect(page?.contacts.map(({ first_name }) => first_name)).toEqual(ids.map((id) => `n${id}`));
  const deletions = ids.map((id) => ({ key: { id: freshKey() }, id }));
  expect(await contacts.delete(deletions)).toEqual(['applied', 'applied', 'applied']);
  expect(await contacts.delete(deletions)).toEqual(['repeated', 'repeated', 'repeated']);
});

test.each<[string, Document]>([
  ['no email', { email: undefined }],
  ['a name that is a number', { first_name: 5 }],
  ['a name that is null', { last_name: null }],
  ['a phone that is a number', { phone: 5_551_234 }],
  ['a client_id that is a string', { client_id: '1' }],
  ['a client_id that is a fraction', { client_id: 1.5 }],
  ['no client_id', { client_id: undefined }],
  ['a name that is an expression which JavaScript does not have', { first_name: new BSONRegExp('(?i)a') }],
])('a document with %s fails alone, and a list skips and reports it', async (_, fields) => {
  const [before, after] = [await createOne(contacts, { email: 'n@b.example' }), 2_000_001];
  const document = Object.entries({ ...JANE, email: 'N@b.example', ...fields }).filter(
    ([, value]) => value !== undefined,
  );
  await insert({ _id: 2_000_000, ...Object.fromEntries(document), email_key: 'n@b.example' });
  await insert({ _id: after, ...JANE, email_key: 'n@b.example' });
  const found = await store.contacts.get([before, 2_000_000, after]);
  expect(found.map((contact) => contact instanceof ItemDefectError)).toEqual([false, true, false]);
  const why = found[1] instanceof ItemDefectError ? found[1].message : '';
  expect(why).toMatch(/^the document of contact 2000000 is no contact: \w+ is missing, of another type or not UTF-8$/);
  const query = { page: 1, per_page: 2, email: 'n@b.example' };
  const [alone] = await contacts.list([query]);
  expect([idsIn(alone), alone?.hasMore]).toEqual([[before], true]);
  const [next, everyone] = await contacts.list([{ ...query, page: 2 }, LIST]);
  expect(idsIn(next)).toEqual([after]);
  expect(idsIn(everyone)).not.toContain(2_000_000);
  expect(reported).toEqual([why, why]);
  await stored.contacts.deleteMany({ _id: before });
});

test('a foreign document that sorts before the contacts moves none of them to a second page', async () => {
  const email = 'before@b.example';
  for (const _id of [-3, 2_000_000, 2_000_001, 2_000_002]) await insert({ _id, ...JANE, email, email_key: email });
  const pages = await contacts.list([1, 2].map((page) => ({ page, per_page: 2, email })));
  expect(pages.map(idsIn)).toEqual([[2_000_000], [2_000_001, 2_000_002]]);
});

test.each<[string, Document]>([
  ['applied that is not an array', { applied: 'text' }],
  ['applied without strings', { applied: [1, null, { a: 1 }] }],
  ['a full applied without strings', { applied: Array.from({ length: 200 }, (_, i) => [i]) }],
  ['moved_out that is a string', { moved_out: 'often' }],
  ['moved_out that is null', { moved_out: null }],
  ['created_by that is a number', { created_by: 7 }],
  ['last_batch that is a number', { last_batch: 7 }],
])(
  'an update, its repeat and a delete of a contact with %s take effect, and so do their neighbours',
  async (_, fields) => {
    const neighbour = await createOne(contacts);
    await insert({ _id: 4_000_000, ...JANE, email_key: JANE.email, ...fields });
    for (const earlier of [false, true]) {
      const prefix = `${freshKey('d')}~`;
      const key = earlier ? { id: `${prefix}two`, earlier: prefix } : { id: freshKey() };
      const update = { key, id: 4_000_000, changes: { first_name: `New ${earlier}` } };
      const batch = [update, { key: { id: freshKey() }, id: neighbour, changes: { first_name: 'Near' } }];
      expect(await contacts.update(batch)).toEqual(['applied', 'applied']);
      expect(await contacts.update([update])).toEqual(['repeated']);
    }
    expect((await contacts.get([4_000_000, neighbour])).map((contact) => contact?.first_name)).toEqual([
      'New true',
      'Near',
    ]);
    const deletion = { key: { id: freshKey() }, id: 4_000_000 };
    expect(await contacts.delete([deletion])).toEqual(['applied']);
    expect(await contacts.delete([deletion])).toEqual(['repeated']);
  },
);

test('fields of other programs do not survive a delete', async () => {
  const id = await createOne(contacts);
  const notes = { text: 'likes tea', by: 'import' };
  await stored.contacts.updateOne({ _id: id }, { $set: { notes, moved_out: 1, 'address.street': 'Elm' } as Document });
  const key = { id: freshKey() };
  expect(await contacts.delete([{ key, id }])).toEqual(['applied']);
  const tombstone = await stored.contacts.findOne({ _id: id });
  expect(Object.keys(tombstone ?? {}).toSorted()).toEqual(
    ['_id', 'applied', 'created_by', 'deleted_at', 'deleted_by', 'last_batch', 'moved_out'].toSorted(),
  );
});

test.each<[string, Document, string]>([
  ['a string', { next: 'x' }, 'a string'],
  ['null', { next: null }, 'null'],
  ['nothing', {}, 'missing'],
  ['NaN', { next: NaN }, 'not a number'],
  ['a fraction', { next: 2.5 }, 'not a whole number in an integer or double'],
  ['a negative number', { next: -1 }, 'below 1'],
  ['infinity', { next: Infinity }, 'too high'],
  ['a long beyond the range', { next: Long.MAX_VALUE }, 'too high'],
])('a counter that is %s is rejected with a message, assigns no id and stays unchanged', async (_, counter, words) => {
  // The file's own store may have reserved ids ahead.
  const fresh = openStore(url);
  onTestFinished(() => fresh.close());
  const sound = await stored.counters.findOne({ _id: 'contact' });
  await stored.counters.replaceOne({ _id: 'contact' }, counter as never);
  for (const call of [() => fresh.contacts.create([creation()]), () => fresh.prepare()]) {
    const error: unknown = await call().catch((rejection: unknown) => rejection);
    expect(error).toBeInstanceOf(StoreMismatchError);
    expect((error as Error).message).toContain(`is ${words}, and must be a whole number from 1 to 2^53-1. Set it to`);
    expect((error as Error).message.length).toBeLessThan(500);
  }
  if (counter['next'] !== 2.5)
    expect(await stored.counters.findOne({ _id: 'contact' })).toEqual({ _id: 'contact', ...counter });
  await stored.counters.replaceOne({ _id: 'contact' }, { next: sound?.next ?? 1 });
  expect(await createOne(strict(fresh.contacts))).toBe(sound?.next);
});
