import { randomUUID } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { MemoryLedger } from '../../support/memory-ledger.ts';
import { freshStore } from './fresh-store.ts';

const { store } = freshStore();

describe.each([
  ['in the database', store.attempts],
  ['in memory', new MemoryLedger()],
])('the ledger %s', (_, ledger) => {
  test('counts starts that did not end, per request', async () => {
    const [one, two] = [randomUUID(), randomUUID()];
    expect(await ledger.begin(one)).toEqual({ unended: 0 });
    expect(await ledger.begin(one)).toEqual({ unended: 1 });
    expect(await ledger.begin(two)).toEqual({ unended: 0 });
    await ledger.end(one);
    expect(await ledger.begin(one)).toEqual({ unended: 0 });
    expect(await ledger.begin(two)).toEqual({ unended: 1 });
  });

  test('ending what was not begun does no harm', async () => {
    const id = randomUUID();
    await ledger.end(id);
    expect(await ledger.begin(id)).toEqual({ unended: 0 });
  });

  test('tells a failure for good, whether it was begun before or not', async () => {
    const failure = { method: 'm', attempts: 2, firstError: 'one', lastError: 'two' };
    const [begun, fresh] = [randomUUID(), randomUUID()];
    await ledger.begin(begun);
    await ledger.fail(begun, failure);
    await ledger.fail(fresh, failure);
    expect(await ledger.begin(begun)).toEqual({ unended: 1, failure });
    expect(await ledger.begin(fresh)).toEqual({ unended: 0, failure });
  });

  test('two workers that begin at once count two starts', async () => {
    const id = randomUUID();
    const earlier = await Promise.all(Array.from({ length: 10 }, () => ledger.begin(id)));
    expect(earlier.map(({ unended }) => unended).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});
