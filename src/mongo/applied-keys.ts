import type { Filter } from 'mongodb';

import type { IdempotencyKey } from '../contacts/repository.ts';
import type { ContactDocument } from './documents.ts';

/** Sorts after every character of a key: keys are ASCII. */
const HIGHEST_CHARACTER = '\uffff';

/** Whether `stored` is a key of this request. Anything but a string matches no request. */
export function matchesKey(key: IdempotencyKey, stored: unknown): boolean {
  if (typeof stored !== 'string') return false;
  return stored === key.id || (key.earlier !== undefined && stored.startsWith(key.earlier));
}

/** The range of strings that start with the prefix. */
export function prefixRange(prefix: string): { readonly $gte: string; readonly $lt: string } {
  return { $gte: prefix, $lt: prefix + HIGHEST_CHARACTER };
}

/** A filter for contacts whose applied keys match none of these keys. */
export function withoutAppliedKeys(keys: readonly IdempotencyKey[]): Filter<ContactDocument> {
  const prefixes = keys.flatMap(({ earlier }) =>
    earlier === undefined ? [] : [{ applied: { $elemMatch: prefixRange(earlier) } }],
  );
  return { applied: { $nin: keys.map(({ id }) => id) }, ...(prefixes.length > 0 && { $nor: prefixes }) };
}
