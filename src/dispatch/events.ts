/** ReportResult about what the dispatcher does beside its results. */
export interface DispatchEvents {
  /**
   * A batch is run again: the store was away, or one of several items failed and each is tried alone, or an attempt failed, or it fails
   * as all do and is held.
   */
  retry(method: string, reason: 'unavailable' | 'isolated' | 'defect' | 'held', error: unknown): void;
  /** How many more (1) or less (-1) wait for the store to come back. */
  waiting(change: 1 | -1): void;
  /** From now on requests of this method are held, as all fail by this error; `undefined`: no longer. */
  braked(method: string, error: Error | undefined): void;
  /** How many methods more (1) or less (-1) fail so that no more requests should be taken. */
  failing(change: 1 | -1): void;
}

/** ReportResult about what becomes of attempts beside their results. */
export interface AttemptEvents extends Pick<DispatchEvents, 'retry' | 'waiting'> {
  /** The ledger is broken, not away: it refuses what it is told, and what depends on it goes on without. */
  uncounted(error: unknown): void;
}
