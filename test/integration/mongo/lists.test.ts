import { beforeEach, expect, onTestFinished, test } from 'vitest';

import { type ContactPage, ItemDefectError } from '../../../src/contacts/repository.ts';
import { openStore, type Store } from '../../../src/mongo/store.ts';
import { StoreDefectError } from '../../../src/protocol/errors.ts';
import { createOne, creation, freshKey, idsIn } from '../../support/contact-repository/fixtures.ts';
import { freshStore } from './fresh-store.ts';
import { CommandProxy } from './command-proxy.ts';

const { url, contacts, stored } = freshStore();
let proxy: CommandProxy;
let store: Store;

beforeEach(async () => {
  proxy = await CommandProxy.before(url);
  store = openStore(proxy.url(url));
  onTestFinished(async () => {
    await store.close();
    await proxy.close();
  });
});

const TEXTS = { first_name: 'Jane', last_name: 'Doe', email: 'j@d.example', email_key: 'j@d.example' };

const lists = (): unknown[] => proxy.commands.filter((command) => 'aggregate' in command);

test('a list that exceeds the server’s time limit alone is a defect of that item', async () => {
  proxy.refuse('aggregate', 50);
  const [page] = await store.contacts.list([{ client_id: 9, page: 1, per_page: 5 }]);
  expect(page).toBeInstanceOf(ItemDefectError);
  expect((page as ItemDefectError).message).toBe('a list took longer than the 6000 ms that one may take');
});

test('a batch of lists has a quarter of the time; if it exceeds that, the call fails and each list can be retried alone', async () => {
  const queries = [1, 2].map((client_id) => ({ client_id, page: 1, per_page: 5 }));
  await store.contacts.list(queries);
  await store.contacts.list(queries.slice(0, 1));
  expect(lists()).toMatchObject([{ maxTimeMS: 1_500 }, { maxTimeMS: 6_000 }]);
  proxy.refuse('aggregate', 50);
  await expect(store.contacts.list(queries)).rejects.toThrow(StoreDefectError);
});

test('the server aborts a command at its time limit', async () => {
  const documents = Array.from({ length: 3_000 }, (_, i) => ({ _id: 10_000 + i, client_id: 1 }));
  await stored.contacts.insertMany(documents);
  const join = { $lookup: { from: 'contacts', localField: 'client_id', foreignField: 'client_id', as: 'x' } };
  const slow = stored.contacts.aggregate([join, { $group: { _id: 1, n: { $sum: { $size: '$x' } } } }], {
    maxTimeMS: 5,
  });
  await expect(slow.toArray()).rejects.toMatchObject({ code: 50 });
  await stored.contacts.deleteMany({ _id: { $gte: 10_000 } });
});

test('a page beyond the highest contact_id is empty without a query, and the highest id is rarely read', async () => {
  await contacts.create(Array.from({ length: 30 }, () => creation({ client_id: 3 })));
  const highest = await createOne(contacts);
  const last = Math.ceil(highest / 10);
  const ask = (page: number): Promise<readonly unknown[]> => store.contacts.list([{ page, per_page: 10 }]);
  const empty = [{ contacts: [], hasMore: false }];
  expect(await ask(last + 1)).toEqual(empty);
  expect(await ask(1_000_000)).toEqual(empty);
  expect(await store.contacts.list([{ client_id: 3, page: 2 ** 40, per_page: 1000 }])).toEqual(empty);
  expect(lists()).toEqual([]);
  const asked = proxy.commands.filter((command) => command['find'] === 'contacts').length;
  expect(await ask(last)).toMatchObject([{ hasMore: false, contacts: expect.any(Array) }]);
  expect(await ask(2)).toMatchObject([{ contacts: expect.any(Array) }]);
  expect(proxy.commands.filter((command) => command['find'] === 'contacts')).toHaveLength(asked);
  expect(lists()).toHaveLength(2);
});

test('contacts that another worker or program added since appear on their pages', async () => {
  const ids = async (page: number): Promise<number[]> => {
    const [found] = await store.contacts.list([{ page, per_page: 5 }]);
    return found instanceof ItemDefectError || found === undefined
      ? []
      : found.contacts.map(({ contact_id }) => contact_id);
  };
  const highest = await createOne(contacts);
  const page = Math.ceil(highest / 5) + 1;
  expect(await ids(page)).toEqual([]);
  const deleted = await contacts.create(Array.from({ length: 3 }, () => creation()));
  await contacts.delete(deleted.map(({ id }) => ({ key: { id: freshKey() }, id })));
  const documents = Array.from({ length: 10 }, (_, i) => ({
    _id: highest + 20 + i,
    client_id: 5,
    first_name: 'a',
    last_name: 'b',
    email: 'c@d',
  }));
  await stored.contacts.insertMany(documents);
  expect((await ids(page)).length).toBeGreaterThan(0);
  await stored.contacts.deleteMany({ _id: { $gt: highest } });
});

test('a page of 1,000 contacts is complete and in order, beside others', async () => {
  const made = (first: number, client_id: number, count: number): object[] =>
    Array.from({ length: count }, (_, i) => ({ _id: first + i, client_id, ...TEXTS }));
  await stored.contacts.insertMany([...made(20_000, 71, 1_001), ...made(30_000, 72, 3)] as never);
  const queries = [72, 71, 72].map((client_id) => ({ client_id, page: 1, per_page: 1_000 }));
  const [few, many] = await store.contacts.list(queries);
  expect(few).toMatchObject({ hasMore: false, contacts: { length: 3 } });
  expect(idsIn(many as ContactPage)).toEqual(Array.from({ length: 1_000 }, (_, i) => 20_000 + i));
  expect(many).toMatchObject({ hasMore: true });
  await stored.contacts.deleteMany({ _id: { $gte: 20_000 } });
});

test('documents that do not fit into one answer of the database are read with its cursor', async () => {
  const long = { ...TEXTS, first_name: 'é'.repeat(3_500_000) };
  const ids = [40_000, 40_001, 40_002, 40_003];
  for (const _id of ids) await stored.contacts.insertOne({ _id, client_id: 73, ...long });
  const [page] = await store.contacts.list([{ client_id: 73, page: 1, per_page: 10 }]);
  expect(idsIn(page as ContactPage)).toEqual(ids);
  expect((page as ContactPage).contacts[3]?.first_name).toBe(long.first_name);
  expect(proxy.commands.some((command) => 'killCursors' in command)).toBe(true);
  await stored.contacts.deleteMany({ _id: { $gte: 40_000 } });
});
