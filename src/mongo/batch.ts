import { randomBytes } from 'node:crypto';

/** Written with every change of a batch, it tells the effects of this run from those of an earlier one. */
export function newBatchMark(): string {
  return randomBytes(9).toString('base64url');
}

/**
 * The items of a batch in the one order that all workers write in. An engine that locks each document until the batch
 * ends lets two workers that meet in opposite orders wait for one another: measured, until the time limit.
 */
export function inLockOrder<Item extends { readonly id: number }>(batch: readonly Item[]): readonly Item[] {
  return batch.toSorted((one, other) => one.id - other.id);
}
