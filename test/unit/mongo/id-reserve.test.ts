import { expect, test } from 'vitest';

import { IdReserve } from '../../../src/mongo/id-reserve.ts';

/** A counter like the database's, whose answers can be held back or fail. */
class Counter {
  readonly reservations: number[] = [];
  next = 1;
  gate: Promise<void> = Promise.resolve();
  failing = false;
  now = 0;
  /** The reservation, by its number, that waits for `release` and then has the ids from 100 on. */
  hangs = 0;
  release = (): void => undefined;
  readonly ids = new IdReserve(
    (count) => this.#reserve(count),
    () => this.now,
  );

  async #reserve(count: number): Promise<number> {
    if (this.reservations.push(count) === this.hangs) {
      await new Promise<void>((resolve) => (this.release = resolve));
      return 100;
    }
    await this.gate;
    if (this.failing) throw new Error('unavailable');
    const first = this.next;
    this.next += count;
    return first;
  }
}

test('the first create reserves for itself alone', async () => {
  const counter = new Counter();
  expect(await counter.ids.take(1)).toEqual([1]);
  expect(counter.reservations).toEqual([1]);
});

test('a create soon after another one reserves the next id ahead, and ids leave no gap', async () => {
  const counter = new Counter();
  const taken = [];
  for (let i = 0; i < 4; i += 1) taken.push(...(await counter.ids.take(1)));
  expect(taken).toEqual([1, 2, 3, 4]);
  // One for each create until one was reserved ahead in time; then two at a time.
  expect(counter.reservations).toEqual([1, 1, 1, 2]);
});

test('creates that follow each other quickly reserve more at a time, up to 16, without a gap', async () => {
  const counter = new Counter();
  const taken = [];
  for (let i = 0; i < 64; i += 1) taken.push(...(await counter.ids.take(1)));
  expect(taken).toEqual(Array.from({ length: 64 }, (_, at) => at + 1));
  expect(counter.reservations).toEqual([1, 1, 1, 2, 4, 8, 16, 16, 16]);
});

test('creates that follow each other slowly reserve no more than they use within a second', async () => {
  const counter = new Counter();
  const taken = [];
  for (let i = 0; i < 40; i += 1) {
    counter.now += 100;
    taken.push(...(await counter.ids.take(1)));
  }
  expect(taken).toEqual(Array.from({ length: 40 }, (_, at) => at + 1));
  expect(Math.max(...counter.reservations)).toBe(4);
});

test('after a pause the first creates reserve one at a time again', async () => {
  const counter = new Counter();
  for (let i = 0; i < 20; i += 1) await counter.ids.take(1);
  counter.reservations.length = 0;
  counter.now += 1_001;
  await counter.ids.take(1);
  await counter.ids.take(1);
  expect(counter.reservations).toEqual([1, 1, 1]);
});

test('a reserved id needs no round trip', async () => {
  const counter = new Counter();
  await counter.ids.take(1);
  await counter.ids.take(1);
  await expect.poll(() => counter.next).toBe(4);
  counter.gate = new Promise(() => undefined);
  expect(await counter.ids.take(1)).toEqual([3]);
});

test('a batch that is larger than the reserve takes it first, then more', async () => {
  const counter = new Counter();
  await counter.ids.take(2);
  await counter.ids.take(2);
  expect(await counter.ids.take(5)).toEqual([5, 6, 7, 8, 9]);
});

test('a smaller batch leaves the rest to the next one', async () => {
  const counter = new Counter();
  await counter.ids.take(4);
  await counter.ids.take(4);
  expect(await counter.ids.take(1)).toEqual([9]);
  expect(await counter.ids.take(3)).toEqual([10, 11, 12]);
});

test('batches at the same time get different ids', async () => {
  const counter = new Counter();
  await counter.ids.take(2);
  await counter.ids.take(2);
  const taken = await Promise.all([counter.ids.take(2), counter.ids.take(2), counter.ids.take(3)]);
  const ids = taken.flat();
  expect(new Set(ids).size).toBe(ids.length);
  expect(Math.min(...ids)).toBe(5);
});

test('an id that waits for more than a second is dropped', async () => {
  const counter = new Counter();
  await counter.ids.take(1);
  await counter.ids.take(1);
  await expect.poll(() => counter.next).toBe(4);
  // Another worker reserves meanwhile.
  counter.next = 100;
  counter.now = 1_001;
  expect(await counter.ids.take(1)).toEqual([100]);
});

test('creates that are far apart reserve nothing ahead', async () => {
  const counter = new Counter();
  for (let i = 0; i < 3; i += 1) {
    counter.now += 1_001;
    await counter.ids.take(1);
  }
  expect(counter.reservations).toEqual([1, 1, 1]);
});

test('drop forgets what is reserved, and what is being reserved', async () => {
  const counter = new Counter();
  await counter.ids.take(1);
  let open = (): void => undefined;
  await counter.ids.take(1).then(() => counter.ids.drop());
  counter.next = 50;
  expect(await counter.ids.take(1)).toEqual([50]);
  counter.gate = new Promise((resolve) => (open = resolve));
  counter.ids.drop();
  open();
  await expect.poll(() => counter.next).toBe(52);
  counter.next = 90;
  expect(await counter.ids.take(1)).toEqual([90]);
});

test('a failed reservation ahead does no harm; one that a batch needs rejects', async () => {
  const counter = new Counter();
  await counter.ids.take(1);
  counter.failing = true;
  await expect(counter.ids.take(1)).rejects.toThrow('unavailable');
  counter.failing = false;
  expect(await counter.ids.take(1)).toEqual([2]);
});

test('a reservation ahead that hangs delays one batch for a moment, and its ids are not used when they come', async () => {
  const counter = new Counter();
  await counter.ids.take(1);
  // The second create reserves for itself, then ahead.
  counter.hangs = 3;
  expect(await counter.ids.take(1)).toEqual([2]);
  const begun = performance.now();
  expect(await counter.ids.take(1)).toEqual([3]);
  expect(performance.now() - begun).toBeLessThan(1_000);
  expect(await counter.ids.take(1)).toEqual([4]);
  counter.release();
  expect(await counter.ids.take(1)).not.toEqual([100]);
});

test('a reservation that another one overtook is not used: the ids of one worker grow', async () => {
  const counter = new Counter();
  counter.hangs = 1;
  const overtaken = counter.ids.take(1);
  expect(await counter.ids.take(1)).toEqual([1]);
  expect(await counter.ids.take(1)).toEqual([2]);
  counter.release();
  expect(await overtaken).toEqual([100]);
  counter.next = 101;
  expect(await counter.ids.take(1)).toEqual([101]);
});
