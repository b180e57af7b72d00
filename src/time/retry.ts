/** When to retry, and when to stop retrying. */
export interface RetryPolicy {
  /**
   * Waits before attempt `failures + 1`. Resolves at once when the worker abandons its requests.
   */
  readonly pause: (failures: number) => Promise<void>;
  /** Whether the worker abandons its requests, as its time to stop is over. */
  readonly abandoned: () => boolean;
}

/**
 * Milliseconds to wait before attempt `failures + 1`: exponential from 100 ms to 5 s, with jitter
 * so that workers spread out.
 */
export function backOffMs(failures: number, random: () => number = Math.random): number {
  const ceiling = Math.min(5_000, 100 * 2 ** Math.min(failures, 10));
  return Math.round(ceiling * (0.5 + random() / 2));
}

/** Resolves after `ms` milliseconds, or at once when `signal` is aborted. Never rejects. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}

/** A policy with the usual back-off, until `signal` is aborted. */
export function retryUntil(signal: AbortSignal): RetryPolicy {
  return { pause: (failures) => pause(backOffMs(failures), signal), abandoned: () => signal.aborted };
}
