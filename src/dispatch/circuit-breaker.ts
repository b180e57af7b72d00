/** Requests in a row, different ones, that meet the same defect before it counts as everybody's. */
export const MAX_SUSPECTS = 10;
/** So long they wait quietly, as those that were taken beside them may show that it is their own defect after all. In milliseconds. */
const QUIET_MS = 1_000;
/** While held: how long nothing is taken, then how long something is, as among it may be one that fares better. In milliseconds. */
const HELD_MS = 5_000;
const TRIED_MS = 1_000;
/** While held: one request in this time counts as guilty, so that guilty ones that all fail alike cannot hold the others for ever. */
const GIVEN_UP_MS = 60_000;

/** ReportResult what a breaker does. */
export interface CircuitBreakerEvents {
  /** Requests are held from now on, as all fail by this error; `undefined`: no longer. */
  readonly braked: (error: Error | undefined) => void;
  /** No more requests should be taken (1), or they may be again (-1). */
  readonly hold: (change: 1 | -1) => void;
}

/** What is to become of a request that failed: its attempt counts, it waits as in an outage, or it counts as failed for good. */
type Verdict = 'counts' | 'waits' | 'fails';

/**
 * Tells a defect of one request from one that all writes of a method meet (a validator, a quota, a broken counter). The second
 * kind is an outage: requests wait instead of going to the dead-letter queue one after another. A success proves that it is not,
 * or is over: what fails after it fails by itself.
 */
export class CircuitBreaker {
  readonly #events: CircuitBreakerEvents;
  readonly #now: () => number;
  readonly #suspects = new Set<string>();
  #signature: string | undefined;
  #successes = 0;
  #waiting = 0;
  #breakerdAt: number | undefined;
  #announced = false;
  #holding = false;
  #turnedAt = 0;
  #gaveUpAt = 0;

  constructor(events: CircuitBreakerEvents, now: () => number) {
    this.#events = events;
    this.#now = now;
  }

  /** Successes so far: a request remembers it when it fails first. */
  get successes(): number {
    return this.#successes;
  }

  /** A request has had its effect. */
  succeeded(): void {
    this.#successes += 1;
    if (this.#suspects.size === 0) return;
    this.#suspects.clear();
    this.#release();
  }

  /**
   * A request, alone, was refused by `error`. `successes` were so many when it failed first (`seen`), and when this attempt
   * began (`begun`).
   */
  failed(error: Error, id: string, seen: number, begun: number): Verdict {
    if (begun > seen) return 'counts';
    // A success while it was under way says nothing of it: the next attempt will.
    if (this.#successes > seen) return 'waits';
    if (this.#breakerdAt === undefined) {
      if (error.message !== this.#signature) this.#suspects.clear();
      this.#signature = error.message;
      this.#suspects.add(id);
      if (this.#suspects.size < MAX_SUSPECTS) return 'counts';
      this.#gaveUpAt = this.#breakerdAt = this.#now();
    }
    this.#turn(error, this.#breakerdAt);
    if (this.#now() - this.#gaveUpAt < GIVEN_UP_MS) return 'waits';
    this.#gaveUpAt = this.#now();
    return 'fails';
  }

  /** So many requests more, or less, wait. Where none does nobody would find out that the defect is gone. */
  waiting(change: 1 | -1): void {
    this.#waiting += change;
    if (this.#waiting === 0) this.#release();
  }

  #release(): void {
    if (this.#breakerdAt === undefined) return;
    this.#suspects.clear();
    this.#breakerdAt = undefined;
    this.#hold(false);
    if (this.#announced) this.#events.braked(undefined);
    this.#announced = false;
  }

  /** Those that wait and fail again are the clock. */
  #turn(error: Error, brakedAt: number): void {
    if (!this.#announced) {
      if (this.#now() - brakedAt < QUIET_MS) return;
      this.#announced = true;
      this.#events.braked(error);
      return this.#hold(true);
    }
    const limit = this.#holding ? HELD_MS : TRIED_MS;
    if (this.#now() - this.#turnedAt >= limit) this.#hold(!this.#holding);
  }

  #hold(holding: boolean): void {
    this.#turnedAt = this.#now();
    if (holding === this.#holding) return;
    this.#holding = holding;
    this.#events.hold(holding ? 1 : -1);
  }
}
