import { afterAll, expect, test } from 'vitest';

import { openStore } from '../../../src/mongo/store.ts';
import { creation, deletionOf, strict } from '../../support/contact-repository/fixtures.ts';
import { freshStore } from './fresh-store.ts';

const { url, contacts, stored } = freshStore({ sharded: true });
const stores = Array.from({ length: 6 }, () => openStore(url, { sharded: true }));
const workers = [contacts, ...stores.map((store) => strict(store.contacts))];
afterAll(() => Promise.all(stores.map((store) => store.close())));

/** The same items, in an order of its own for each worker and round. */
function turned<T>(items: readonly T[], by: number): T[] {
  const at = (by * 7) % items.length;
  const turnedItems = [...items.slice(at), ...items.slice(0, at)];
  return by % 2 === 0 ? turnedItems : turnedItems.toReversed();
}

test('seven workers that repeat the same creates, while contacts are deleted, create each once', async () => {
  const batch = Array.from({ length: 30 }, (_, i) => creation({ client_id: i + 1 }));
  const deletions = new Map<number, string>();
  const answered = new Map<string, number>();
  let [fresh, failures] = [0, 0];
  const repeat = async (worker: (typeof workers)[number], rounds: number, turn: number): Promise<void> => {
    for (let round = 0; round < rounds; round += 1) {
      const order = turned(batch, turn + round);
      const created = await worker.create(order);
      fresh += created.filter(({ repeated }) => !repeated).length;
      created.forEach(({ id }, i) => {
        const key = order[i]!.key.id;
        if ((answered.get(key) ?? id) !== id) failures += 1;
        answered.set(key, id);
      });
      const deleted = order.flatMap(({ fields }, i) => (fields.client_id % 3 === round % 3 ? [created[i]!.id] : []));
      const outcomes = await worker.delete(
        deleted.map((id) => {
          const key = deletions.get(id) ?? `delete-${id}`;
          deletions.set(id, key);
          return deletionOf(id, key);
        }),
      );
      expect(outcomes).not.toContain('not-found');
    }
  };
  await Promise.all(workers.map((worker, turn) => repeat(worker, 6, turn)));
  expect(failures).toBe(0);
  expect(fresh).toBe(30);
  const ids = batch.map(({ key }) => answered.get(key.id) ?? 0);
  expect(new Set(ids).size).toBe(30);
  expect(await stored.contacts.countDocuments()).toBe(30);
  expect(await contacts.get(ids)).toEqual(ids.map(() => undefined));
  expect(await stored.claims.countDocuments({ deleted_at: { $exists: true } })).toBe(30);
});

test('seven workers that repeat creates by delivery create each once, when the first has claimed', async () => {
  const prefixes = Array.from({ length: 20 }, (_, i) => `dp${i}~`);
  await contacts.create(prefixes.map((prefix) => creation({}, `${prefix}0`)));
  const created = await Promise.all(
    workers.map((worker, i) =>
      worker.create(prefixes.map((earlier) => ({ ...creation(), key: { id: `${earlier}${i + 1}`, earlier } }))),
    ),
  );
  expect(created.flat().every(({ repeated }) => repeated)).toBe(true);
  expect(await stored.contacts.countDocuments({ created_by: { $regex: '^dp' } })).toBe(20);
});
