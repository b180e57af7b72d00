import type { Created, Creation } from '../../contacts/repository.ts';
import { findClaims, findClaimsByPrefix, statesOf } from './claims.ts';
import { isClaimsComplete } from './completeness.ts';
import { findEarlierCreations } from '../creations.ts';
import type { Collections } from '../documents.ts';

/** As `findEarlierCreations`, by the claims. Read-only. */
export async function findEarlierClaimedCreations(
  collections: Collections,
  batch: readonly Creation[],
  retentionMs: number,
): Promise<readonly (Created | undefined)[]> {
  const keys = batch.map(({ key }) => key);
  const [exact, byPrefix] = await Promise.all([
    findClaims(
      collections,
      keys.map(({ id }) => id),
    ),
    findClaimsByPrefix(collections, keys),
  ]);
  const byKey = new Map(exact.map((claim) => [claim._id, claim]));
  const candidates = batch.map(({ key }) => [byKey.get(key.id) ?? [], byPrefix.get(key) ?? []].flat());
  const states = await statesOf(collections, candidates.flat(), retentionMs);
  const earlier = candidates.map((found): Created | undefined => {
    const claim = found.find((one) => states.get(one) === 'done');
    return claim && { id: claim.contact_id, repeated: true };
  });
  if (earlier.every((created) => created !== undefined) || (await isClaimsComplete(collections))) return earlier;
  // Contacts from before the claims.
  const unclaimed = await findEarlierCreations(collections, batch);
  return earlier.map((created, at) => created ?? unclaimed[at]);
}
