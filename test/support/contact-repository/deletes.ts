import { beforeEach, expect, test } from 'vitest';

import { createOne, deletionOf, freshKey, freshPrefix, NOBODY, type Subject } from './fixtures.ts';

export function describeDeletes(subject: Subject): void {
  let id: number;
  beforeEach(async () => {
    id = await createOne(subject.contacts);
  });

  test('a deleted contact does not exist any more', async () => {
    const { contacts } = subject;
    expect(await contacts.delete([deletionOf(id)])).toEqual(['applied']);
    expect(await contacts.get([id])).toEqual([undefined]);
  });

  test('an empty batch returns nothing', async () => {
    expect(await subject.contacts.delete([])).toEqual([]);
    expect(await subject.contacts.findEarlierDeletions([])).toEqual([]);
  });

  test('each delete of a batch applies under its own key', async () => {
    const { contacts } = subject;
    const batch = [await createOne(contacts), await createOne(contacts), id].map((of) => deletionOf(of));
    expect(await contacts.delete(batch)).toEqual(['applied', 'applied', 'applied']);
    expect(await contacts.delete(batch.toReversed())).toEqual(['repeated', 'repeated', 'repeated']);
  });

  test('a repeated delete is a repeat; another delete of the same contact finds nothing', async () => {
    const { contacts } = subject;
    const key = freshKey();
    await contacts.delete([deletionOf(id, key)]);
    const alive = await createOne(contacts);
    const outcomes = await contacts.delete([deletionOf(id, key), deletionOf(alive), deletionOf(NOBODY)]);
    expect(outcomes).toEqual(['repeated', 'applied', 'not-found']);
    expect(await contacts.delete([deletionOf(id)])).toEqual(['not-found']);
  });

  test('a redelivery without message_id is recognised by the prefix of an earlier delivery', async () => {
    const { contacts } = subject;
    const prefix = freshPrefix();
    await contacts.delete([deletionOf(id, `${prefix}one`)]);
    expect(await contacts.delete([{ key: { id: `${prefix}two`, earlier: prefix }, id }])).toEqual(['repeated']);
    const other = freshPrefix();
    expect(await contacts.delete([{ key: { id: `${other}two`, earlier: other }, id }])).toEqual(['not-found']);
  });

  test('a deleted contact_id is not reused', async () => {
    const { contacts } = subject;
    await contacts.delete([deletionOf(id)]);
    expect(await createOne(contacts)).toBeGreaterThan(id);
  });

  test('findEarlierDeletions reports earlier deletes and applies none', async () => {
    const { contacts } = subject;
    const deletion = deletionOf(id);
    expect(await contacts.findEarlierDeletions([deletion])).toEqual([false]);
    expect((await contacts.get([id]))[0]?.contact_id).toBe(id);
    await contacts.delete([deletion]);
    expect(await contacts.findEarlierDeletions([deletion, deletionOf(id)])).toEqual([true, false]);
  });
}
