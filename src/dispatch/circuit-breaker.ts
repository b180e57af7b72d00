/** Consecutive failures, of different requests, by the same defect that open the circuit. */
export const MAX_SUSPECTS = 10;
/**
 * Milliseconds that an open circuit stays unannounced: requests in flight may show that the defect
 * is a request's own after all.
 */
const QUIET_MS = 1_000;
/**
 * While open: milliseconds without consuming, then milliseconds of consuming, as a new request may
 * succeed.
 */
const PAUSE_MS = 5_000;
const PROBE_MS = 1_000;
/**
 * While open: one request in this many milliseconds fails for good, so that bad requests that fail
 * alike cannot block others forever.
 */
const FAIL_ONE_MS = 60_000;

/** Receives the state of a circuit breaker. */
export interface CircuitBreakerEvents {
  /** Requests are held from now on, as all fail by this error; `undefined`: no longer. */
  readonly changed: (error: Error | undefined) => void;
  /** Stop consuming (1), or consume again (-1). */
  readonly pause: (change: 1 | -1) => void;
}

/**
 * What happens to a request that failed: the attempt counts, or it waits as in an outage, or it
 * fails for good.
 */
type Verdict = 'counts' | 'waits' | 'fails';

/**
 * Distinguishes a defect of one request from one that every write of a method meets: a validator, a
 * quota, a broken counter. The second kind is an outage: requests wait instead of being
 * dead-lettered one after another. A success proves that there is no outage, or that it is over: a
 * request that fails after it fails by itself.
 */
export class CircuitBreaker {
  readonly #events: CircuitBreakerEvents;
  readonly #now: () => number;
  readonly #suspects = new Set<string>();
  #signature: string | undefined;
  #successes = 0;
  #waiting = 0;
  #openedAt: number | undefined;
  #announced = false;
  #pausing = false;
  #turnedAt = 0;
  #failedOneAt = 0;

  constructor(events: CircuitBreakerEvents, now: () => number) {
    this.#events = events;
    this.#now = now;
  }

  /** Successes so far. A request remembers the number when it fails first. */
  get successes(): number {
    return this.#successes;
  }

  /** A request had its effect. */
  succeeded(): void {
    this.#successes += 1;
    if (this.#suspects.size === 0) return;
    this.#suspects.clear();
    this.#close();
  }

  /**
   * A request failed alone by `error`. `seen` and `begun`: the number of successes when it failed
   * first, and when this attempt began.
   */
  failed(error: Error, id: string, seen: number, begun: number): Verdict {
    if (begun > seen) return 'counts';
    // A success during this attempt says nothing of it: the next attempt will.
    if (this.#successes > seen) return 'waits';
    if (this.#openedAt === undefined) {
      if (error.message !== this.#signature) this.#suspects.clear();
      this.#signature = error.message;
      this.#suspects.add(id);
      if (this.#suspects.size < MAX_SUSPECTS) return 'counts';
      this.#failedOneAt = this.#openedAt = this.#now();
    }
    this.#turn(error, this.#openedAt);
    if (this.#now() - this.#failedOneAt < FAIL_ONE_MS) return 'waits';
    this.#failedOneAt = this.#now();
    return 'fails';
  }

  /**
   * One request more (1) or less (-1) waits. The circuit closes when none does, as nothing would
   * notice that the defect is gone.
   */
  waiting(change: 1 | -1): void {
    this.#waiting += change;
    if (this.#waiting === 0) this.#close();
  }

  #close(): void {
    if (this.#openedAt === undefined) return;
    this.#suspects.clear();
    this.#openedAt = undefined;
    this.#setPausing(false);
    if (this.#announced) this.#events.changed(undefined);
    this.#announced = false;
  }

  /** Alternates between pausing and probing. The retries of the waiting requests are its clock. */
  #turn(error: Error, openedAt: number): void {
    if (!this.#announced) {
      if (this.#now() - openedAt < QUIET_MS) return;
      this.#announced = true;
      this.#events.changed(error);
      return this.#setPausing(true);
    }
    const limit = this.#pausing ? PAUSE_MS : PROBE_MS;
    if (this.#now() - this.#turnedAt >= limit) this.#setPausing(!this.#pausing);
  }

  #setPausing(pausing: boolean): void {
    this.#turnedAt = this.#now();
    if (pausing === this.#pausing) return;
    this.#pausing = pausing;
    this.#events.pause(pausing ? 1 : -1);
  }
}
