/** Told about what the dispatcher does beside its results. */
export interface DispatchEvents {
  /** A batch is run again: the store was away, or one of several items failed and each is tried alone, or an attempt failed. */
  retry(method: string, reason: 'unavailable' | 'isolated' | 'defect', error: unknown): void;
  /** How many batches more (1) or less (-1) wait for the store to come back. */
  waiting(change: 1 | -1): void;
}
