import { randomBytes } from 'node:crypto';

import type { Document } from 'mongodb';

/**
 * A random mark that a batch writes with each change. It tells this run's effects from earlier
 * ones.
 */
export function newBatchMark(): string {
  return randomBytes(9).toString('base64url');
}

/**
 * An update expression that gives the contact `ids[i]` the value `values[i]`. One update thus
 * changes all contacts of a batch, each to its own values. If a command held many updates, the
 * DocumentDB engine would plan each one whose condition is not on `_id` alone, which takes as long
 * as the update itself. It locks the contacts of one update in `_id` order, so two workers never
 * deadlock.
 */
export function valueById(ids: readonly number[], values: readonly unknown[]): Document {
  return { $arrayElemAt: [{ $literal: values }, { $indexOfArray: [{ $literal: ids }, '$_id'] }] };
}
