import { expect, test } from 'vitest';

import { Destination, newPending, type Pending } from '../../../../src/amqp/publisher/pending.ts';
import { Unconfirmed } from '../../../../src/amqp/publisher/unconfirmed.ts';

const message = { queue: 'replies', body: Buffer.alloc(0), options: () => ({}) };
const destination = new Destination('replies');
const pendingOf = (order: number): Pending => newPending(message, destination, `id-${order}`, order, () => undefined);
const orders = (list: Iterable<Pending>): number[] => Array.from(list, ({ order }) => order);

function listOf(count: number): { list: Unconfirmed; all: Pending[] } {
  const list = new Unconfirmed();
  const all = Array.from({ length: count }, (_, order) => pendingOf(order));
  for (const pending of all) list.add(pending);
  return { list, all };
}

test.each([0, 1, 2, 3])('without message %i of four the others keep their order', (removed) => {
  const { list, all } = listOf(4);
  expect(list.remove(all[removed]!)).toBe(true);
  const left = [0, 1, 2, 3].filter((order) => order !== removed);
  expect([orders(list), list.size, list.oldest?.order]).toEqual([left, 3, left[0]]);
  list.add(all[removed]!);
  expect(orders(list)).toEqual([...left, removed]);
});

test('a message is removed once, and only from its own list', () => {
  const { list, all } = listOf(2);
  const other = new Unconfirmed();
  expect(other.remove(all[0]!)).toBe(false);
  expect([list.remove(all[0]!), list.remove(all[0]!)]).toEqual([true, false]);
  other.add(all[0]!);
  expect(() => list.add(all[0]!)).toThrow('in a list already');
  expect([list.remove(all[0]!), orders(list), orders(other)]).toEqual([false, [1], [0]]);
});

test('a removed message holds no other', () => {
  const { list, all } = listOf(3);
  list.remove(all[1]!);
  expect(all[1]).toMatchObject({ list: undefined, previous: undefined, next: undefined });
});

test('what is returned may be removed on the way', () => {
  const { list } = listOf(4);
  const seen: number[] = [];
  for (const pending of list) {
    seen.push(pending.order);
    if (pending.order % 2 === 0) list.remove(pending);
  }
  expect([seen, orders(list)]).toEqual([
    [0, 1, 2, 3],
    [1, 3],
  ]);
});

test('a message is found by its id while it is here', () => {
  const { list, all } = listOf(3);
  expect([list.find('id-2'), list.find('id-3')]).toEqual([all[2], undefined]);
  list.remove(all[2]!);
  expect(list.find('id-2')).toBeUndefined();
});

test('all are taken, oldest first, and may be added again', () => {
  const { list } = listOf(3);
  const taken = list.take();
  expect([orders(taken), list.size, list.oldest]).toEqual([[0, 1, 2], 0, undefined]);
  for (const pending of taken.toReversed()) list.add(pending);
  expect(orders(list)).toEqual([2, 1, 0]);
});
