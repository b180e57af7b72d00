import { expect, test, vi } from 'vitest';

import { MAX_APPLIED_KEYS } from '../../../src/mongo/archived-keys.ts';
import { createOne, creation, freshKey } from '../../support/contact-repository/fixtures.ts';
import { freshStore, type FreshStore } from './fresh-store.ts';

const ways = {
  'by the unique index': freshStore({ retentionSeconds: 1 }),
  // Half of it has to suffice between claim and contact.
  'by claims': freshStore({ retentionSeconds: 20, sharded: true }),
};

/** The engine removes expired documents once a minute. */
const EXPIRY = { timeout: 170_000, interval: 1_000 };

test('after the retention a repeat counts as a new request, as documented', { timeout: 240_000 }, async () => {
  // Both at once: most of the time is spent waiting.
  await Promise.all(Object.values(ways).map(expectExpiry));
});

async function expectExpiry({ contacts, stored }: FreshStore): Promise<void> {
  const [creationOfDeleted, creationOfLiving] = [creation(), creation()];
  const [deleted, living] = await contacts.create([creationOfDeleted, creationOfLiving]);
  const deletion = { key: { id: freshKey() }, id: deleted?.id ?? 0 };
  await contacts.delete([deletion]);
  const busy = await createOne(contacts);
  const updates = Array.from({ length: MAX_APPLIED_KEYS + 1 }, (_, i) => ({
    key: { id: freshKey() },
    id: busy,
    changes: { first_name: `N${i}` },
  }));
  for (const update of updates) await contacts.update([update]);
  const [oldest] = updates;
  if (oldest === undefined) throw new Error('no update was made');

  await vi.waitFor(async () => {
    expect(await stored.contacts.findOne({ _id: deletion.id })).toBeNull();
    expect(await stored.archivedKeys.countDocuments()).toBe(0);
    expect(await stored.claims.countDocuments({ contact_id: deletion.id })).toBe(0);
  }, EXPIRY);

  expect(await contacts.delete([deletion])).toEqual(['not-found']);
  expect(await contacts.update([oldest])).toEqual(['applied']);
  const [again, still] = await contacts.create([creationOfDeleted, creationOfLiving]);
  expect(again).toMatchObject({ repeated: false });
  expect(again?.id).toBeGreaterThan(busy);
  expect(still).toEqual({ id: living?.id, repeated: true });
}
