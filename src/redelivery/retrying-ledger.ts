import type { AttemptLedger, EarlierAttempts, RecordedFailure } from '../protocol/attempt-ledger.ts';
import { NO_METHOD } from '../protocol/catalogue.ts';
import { UnavailableError } from '../protocol/errors.ts';
import type { RetryPolicy } from '../time/retry.ts';

/** Receives what happens to attempts beside their results. */
export interface AttemptEvents {
  /** A call to the ledger is retried. */
  retry(method: string, reason: 'unavailable', error: unknown): void;
  /** One call more (1) or less (-1) waits for the ledger to return. */
  waiting(change: 1 | -1): void;
  /**
   * The ledger is broken, not unavailable: it rejected a call, and the request goes on uncounted.
   */
  uncounted(error: unknown): void;
}

/** How calls to the ledger are retried, and who is notified. */
export interface LedgerTerms {
  readonly retryPolicy: RetryPolicy;
  readonly events: AttemptEvents;
}

/**
 * Calls the ledger until it responds. While it is unavailable consumption pauses, as it does while
 * a batch waits for the store. A broken ledger must not block requests forever: it counts as one
 * that knows nothing. No call rejects.
 */
export class RetryingLedger {
  readonly #ledger: AttemptLedger;
  readonly #terms: LedgerTerms;

  constructor(ledger: AttemptLedger, terms: LedgerTerms) {
    this.#ledger = ledger;
    this.#terms = terms;
  }

  /**
   * As the ledger's; `undefined` if `cancelled` returned true before the response: the start may be
   * on record then.
   */
  begin(id: string, start: string, most: number, cancelled: () => boolean): Promise<EarlierAttempts | undefined> {
    return this.#call(() => this.#ledger.begin(id, start, most), NOTHING_KNOWN, cancelled);
  }

  /** As the ledger's; `false` if `cancelled` returned true before the response. */
  async fail(id: string, start: string, failure: RecordedFailure, cancelled: () => boolean): Promise<boolean> {
    const recorded = await this.#call(() => this.#ledger.fail(id, start, failure).then(() => true), true, cancelled);
    return recorded ?? false;
  }

  /** As the ledger's; called at least once, and until the worker abandons its requests. */
  async end(id: string, starts: readonly string[]): Promise<void> {
    await this.#call(() => this.#ledger.end(id, starts), undefined, this.#terms.retryPolicy.abandoned);
  }

  async #call<T>(call: () => Promise<T>, fallback: T, cancelled: () => boolean): Promise<T | undefined> {
    const { events, retryPolicy } = this.#terms;
    let waiting = false;
    try {
      for (let failures = 1; ; failures += 1) {
        try {
          return await call();
        } catch (error) {
          if (!(error instanceof UnavailableError)) {
            events.uncounted(error);
            return fallback;
          }
          events.retry(NO_METHOD, 'unavailable', error);
        }
        if (!waiting) events.waiting(1);
        waiting = true;
        if (!cancelled()) await retryPolicy.pause(failures);
        if (cancelled()) return undefined;
      }
    } finally {
      if (waiting) events.waiting(-1);
    }
  }
}

const NOTHING_KNOWN: EarlierAttempts = { unended: 0, starts: [] };
