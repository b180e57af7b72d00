import type { RETRY_REASONS } from '../protocol/catalogue.ts';

/** Receives what the dispatcher does beside its results. */
export interface DispatchEvents {
  /**
   * A batch is executed again: the store was unavailable, or a batch failed and each of its items
   * runs alone (`isolated`), or an attempt failed by a defect, or every request of the method fails
   * alike and they are held.
   */
  retry(method: string, reason: (typeof RETRY_REASONS)[number], error: unknown): void;
  /** One batch more (1) or less (-1) waits for the store to return. */
  waiting(change: 1 | -1): void;
  /**
   * Requests of this method are held from now on, as all fail by this error; `undefined`: no
   * longer.
   */
  circuit(method: string, error: Error | undefined): void;
  /** One method more (1) or less (-1) fails such that no more requests should be consumed. */
  failing(change: 1 | -1): void;
}
