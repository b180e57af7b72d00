/** How failed tries are spaced, and when there are no more of them. */
export interface RetryPolicy {
  /** Waits before try `failures + 1`; resolves at once when the worker gives up what it has. */
  readonly pause: (failures: number) => Promise<void>;
  /** Whether the worker gives up what it has, as its time to stop is over. */
  readonly abandoned: () => boolean;
}
