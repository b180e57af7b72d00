import { randomBytes } from 'node:crypto';

import type { Document } from 'mongodb';

/** Written with every change of a batch, it tells the effects of this run from those of an earlier one. */
export function newBatchMark(): string {
  return randomBytes(9).toString('base64url');
}

/**
 * An expression of an update: of `values`, that of the contact at hand, where value `i` is that of the contact `ids[i]`. So
 * one update changes all contacts of a batch, each to values of its own. Of many updates in a command, the DocumentDB
 * engine would plan each anew whose condition is not on `_id` alone, which takes as long as the update itself. It locks the
 * contacts of one update in the order of their ids, so two workers never wait for one another.
 */
export function valueOfEach(ids: readonly number[], values: readonly unknown[]): Document {
  return { $arrayElemAt: [{ $literal: values }, { $indexOfArray: [{ $literal: ids }, '$_id'] }] };
}
