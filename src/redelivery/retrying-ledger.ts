import type { AttemptLedger, EarlierAttempts, RecordedFailure } from '../protocol/attempt-ledger.ts';
import { UnavailableError } from '../protocol/errors.ts';
import type { AttemptEvents } from '../dispatch/events.ts';
import type { RetryPolicy } from '../time/retry.ts';

/** What the ledger is asked with: how tries are spaced, and who is told of them. */
export interface LedgerTerms {
  readonly patience: RetryPolicy;
  readonly events: AttemptEvents;
}

/**
 * Asks the ledger until it answers: while it is away the intake is held, as while a batch waits for the store. A ledger
 * that is broken must not hold requests for ever: then the answer is that nothing is known. Nothing here rejects.
 */
export class RetryingLedger {
  readonly #ledger: AttemptLedger;
  readonly #terms: LedgerTerms;

  constructor(ledger: AttemptLedger, terms: LedgerTerms) {
    this.#ledger = ledger;
    this.#terms = terms;
  }

  /** As the ledger's; `undefined` where `givenUp` said so before the answer was there: the start may be on record then. */
  begin(id: string, start: string, most: number, givenUp: () => boolean): Promise<EarlierAttempts | undefined> {
    return this.#ask(() => this.#ledger.begin(id, start, most), NOTHING_KNOWN, givenUp);
  }

  /** As the ledger's; `false` where `givenUp` said so before. */
  async fail(id: string, start: string, failure: RecordedFailure, givenUp: () => boolean): Promise<boolean> {
    const told = await this.#ask(() => this.#ledger.fail(id, start, failure).then(() => true), true, givenUp);
    return told ?? false;
  }

  /** As the ledger's; tried once at least, and until the worker gives up what it has. */
  async end(id: string, starts: readonly string[]): Promise<void> {
    await this.#ask(() => this.#ledger.end(id, starts), undefined, this.#terms.patience.abandoned);
  }

  async #ask<T>(ask: () => Promise<T>, otherwise: T, givenUp: () => boolean): Promise<T | undefined> {
    const { events, patience } = this.#terms;
    let waiting = false;
    try {
      for (let failures = 1; ; failures += 1) {
        try {
          return await ask();
        } catch (error) {
          if (!(error instanceof UnavailableError)) {
            events.uncounted(error);
            return otherwise;
          }
          events.retry(UNKNOWN, 'unavailable', error);
        }
        if (!waiting) events.waiting(1);
        waiting = true;
        if (!givenUp()) await patience.pause(failures);
        if (givenUp()) return undefined;
      }
    } finally {
      if (waiting) events.waiting(-1);
    }
  }
}

const NOTHING_KNOWN: EarlierAttempts = { unended: 0, starts: [] };

/** What is asked of the ledger is no method's. */
const UNKNOWN = 'request';
