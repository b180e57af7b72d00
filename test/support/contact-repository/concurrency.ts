import { expect, test } from 'vitest';

import type { Deletion } from '../../../src/contacts/repository.ts';
import { creation, deletionOf, idsOf, updateOf, type Subject } from './fixtures.ts';

export function describeConcurrency(subject: Subject): void {
  test('each sees at once what the other wrote', async () => {
    const { contacts, other } = subject;
    const one = creation();
    const [created] = await contacts.create([one]);
    const id = created?.id ?? 0;
    expect(await other.create([one])).toEqual([{ id, repeated: true }]);
    const update = updateOf(id, { first_name: 'Seen' });
    expect(await other.update([update])).toEqual(['applied']);
    expect(await contacts.update([update])).toEqual(['repeated']);
    expect((await contacts.get([id]))[0]?.first_name).toBe('Seen');
    const deletion = deletionOf(id);
    expect(await contacts.delete([deletion])).toEqual(['applied']);
    expect(await other.delete([deletion])).toEqual(['repeated']);
  });

  test('the same creates at once create each contact once, and both return the same ids', async () => {
    const { contacts, other } = subject;
    for (let round = 0; round < 10; round += 1) {
      const client_id = 800 + round;
      const batch = Array.from({ length: 40 }, () => creation({ client_id }));
      const [one, two] = await Promise.all([contacts.create(batch), other.create(batch.toReversed())]);
      const ids = one.map(({ id }) => id);
      expect(two.toReversed().map(({ id }) => id)).toEqual(ids);
      expect(new Set(ids).size).toBe(40);
      const fresh = [...one, ...two].filter(({ repeated }) => !repeated);
      expect(fresh).toHaveLength(40);
      expect((await idsOf(contacts, { client_id })).ids).toEqual(ids.toSorted((a, b) => a - b));
    }
  });

  test('different creates at once never share a contact_id', async () => {
    const { contacts, other } = subject;
    const batches = Array.from({ length: 6 }, () => Array.from({ length: 10 }, () => creation()));
    const created = await Promise.all(batches.map((batch, i) => (i % 2 === 0 ? contacts : other).create(batch)));
    expect(created.flat().every(({ repeated }) => !repeated)).toBe(true);
    expect(new Set(created.flat().map(({ id }) => id)).size).toBe(60);
  });

  test('the same updates at once apply each once', async () => {
    const { contacts, other } = subject;
    const created = await contacts.create(Array.from({ length: 30 }, () => creation()));
    const batch = created.map(({ id }) => updateOf(id, { first_name: `n${id}` }));
    const [one, two] = await Promise.all([contacts.update(batch), other.update(batch.toReversed())]);
    const pairs = one.map((outcome, i) => [outcome, two.toReversed()[i]]);
    for (const pair of pairs) expect(new Set(pair)).toEqual(new Set(['applied', 'repeated']));
  });

  test('of two different deletes of a contact at once, one applies and the other finds nothing', async () => {
    const { contacts, other } = subject;
    const created = await contacts.create(Array.from({ length: 30 }, () => creation()));
    const deletions = (): Deletion[] => created.map(({ id }) => deletionOf(id));
    const [one, two] = await Promise.all([contacts.delete(deletions()), other.delete(deletions())]);
    one.forEach((outcome, i) => expect(new Set([outcome, two[i]])).toEqual(new Set(['applied', 'not-found'])));
  });
}
