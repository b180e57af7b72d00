import { expect, test } from 'vitest';

import { slicesOf, sliceTurn } from '../../../src/time/slices.ts';

test('each turn of the event loop goes to one caller, in the order of the calls', async () => {
  let turn = 0;
  let counting = true;
  const count = (): void => {
    turn += 1;
    if (counting) setImmediate(count);
  };
  count();
  const seen: [caller: number, turn: number][] = [];
  const callers = Array.from({ length: 20 }, async (_, caller) => {
    for (let slice = 0; slice < 3; slice += 1) {
      await sliceTurn();
      seen.push([caller, turn]);
    }
  });
  expect(seen).toEqual([]);
  await Promise.all(callers);
  counting = false;
  expect(seen.map(([caller]) => caller)).toEqual([0, 1, 2].flatMap(() => Array.from({ length: 20 }, (_, i) => i)));
  expect(new Set(seen.map(([, at]) => at)).size).toBe(60);
});

test('slices hold items up to either limit, and at least one', () => {
  const slices = (sizes: readonly number[]): readonly (readonly number[])[] =>
    slicesOf(sizes, { items: 3, size: 10 }, (size) => size);
  expect(slices([])).toEqual([[]]);
  expect(slices([1, 2, 3])).toEqual([[1, 2, 3]]);
  expect(slices([1, 1, 1, 1])).toEqual([[1, 1, 1], [1]]);
  expect(slices([9, 2, 8, 1, 50, 10])).toEqual([[9], [2, 8], [1], [50], [10]]);
});
