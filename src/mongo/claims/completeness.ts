import { StoreMismatchError } from '../../protocol/errors.ts';
import { COUNTER } from '../contact-ids.ts';
import type { Collections } from '../documents.ts';
import { hasUniqueCreates } from '../indexes.ts';

/** Whether every contact that a request created has its claim. */
export async function isClaimsComplete({ counters }: Collections): Promise<boolean> {
  return (await counters.findOne(COUNTER))?.claims === 'complete';
}

/**
 * Checks that creates are safe with claims: all contacts have theirs, or the unique index of an
 * unsharded database still protects those without. In a database without contacts claims are
 * complete from now on. Throws `StoreMismatchError` otherwise.
 */
export async function requireClaims(collections: Collections): Promise<void> {
  const { contacts, counters } = collections;
  if (await isClaimsComplete(collections)) return;
  if (await hasUniqueCreates(collections)) return;
  const ofRequest = { created_by: { $exists: true } };
  if ((await contacts.findOne(ofRequest, { projection: { _id: 1 } })) === null) {
    const first = { claims: 'complete', claims_since: new Date() } as const;
    await counters.updateOne({ ...COUNTER, claims: { $exists: false } }, { $set: first });
  }
  // Asked again, as another worker may have begun meanwhile, and created contacts.
  if (await isClaimsComplete(collections)) return;
  throw new StoreMismatchError(
    'contacts of the collection contacts have no claims, and no unique index recognises their creates: ' +
      'run `contacts claims` (docs/sharding.md), then start the workers',
  );
}

/** Records that creates are made without claims again. Call it once the unique index exists. */
export async function endClaims({ counters }: Collections): Promise<void> {
  const none = { claims: '', claims_since: '' } as const;
  await counters.updateOne({ ...COUNTER, claims: { $exists: true } }, { $unset: none });
}
