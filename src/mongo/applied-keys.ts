import type { Filter } from 'mongodb';

import type { EffectKey } from '../contacts/repository.ts';
import type { ContactDocument } from './documents.ts';

/** Sorts behind every string that goes on with ASCII, which keys do. */
const BEHIND = '\uffff';

/** Whether an effect stored under `stored` is that of the request with this key. Anything but a text is nobody's. */
export function isEffectOf(key: EffectKey, stored: unknown): boolean {
  if (typeof stored !== 'string') return false;
  return stored === key.id || (key.earlier !== undefined && stored.startsWith(key.earlier));
}

/** The range of strings that start with the prefix. */
export function startingWith(prefix: string): { readonly $gte: string; readonly $lt: string } {
  return { $gte: prefix, $lt: prefix + BEHIND };
}

/** The condition on a contact whose applied keys hold none of these requests'. */
export function withoutEffectsOf(keys: readonly EffectKey[]): Filter<ContactDocument> {
  const families = keys.flatMap(({ earlier }) =>
    earlier === undefined ? [] : [{ applied: { $elemMatch: startingWith(earlier) } }],
  );
  return { applied: { $nin: keys.map(({ id }) => id) }, ...(families.length > 0 && { $nor: families }) };
}
