import type { EffectKey } from '../contacts/repository.ts';

/** Sorts behind every string that goes on with ASCII, which keys do. */
const BEHIND = '\uffff';

/** Whether an effect stored under `stored` is that of the request with this key. */
export function isEffectOf(key: EffectKey, stored: string | undefined): boolean {
  if (stored === undefined) return false;
  return stored === key.id || (key.earlier !== undefined && stored.startsWith(key.earlier));
}

/** The range of strings that start with the prefix. */
export function startingWith(prefix: string): { readonly $gte: string; readonly $lt: string } {
  return { $gte: prefix, $lt: prefix + BEHIND };
}

/** The condition on an array of keys that holds none of this request. */
export function withoutEffectOf(key: EffectKey): {
  readonly $ne: string;
  readonly $not?: { readonly $elemMatch: { readonly $gte: string; readonly $lt: string } };
} {
  if (key.earlier === undefined) return { $ne: key.id };
  return { $ne: key.id, $not: { $elemMatch: startingWith(key.earlier) } };
}
