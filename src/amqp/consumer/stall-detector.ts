/** Requests wait and none comes, or those that were taken do not end; nothing that the worker tried has helped. */
export class ConsumerStuckError extends Error {
  override readonly name = 'ConsumerStuckError';
}

/** What is seen of the queue and of ourselves at one look. */
export interface QueueSample {
  /** Requests that wait in the queue. */
  readonly waiting: number;
  /** Whether the broker may hand out one more to us. */
  readonly hasRoom: boolean;
  /** Deliveries that are not settled. */
  readonly held: number;
  /** Nothing is to be taken now: the intake is held for a known reason, or the worker is stopping. */
  readonly paused: boolean;
}

/** What is to be done about it. `exit` where nothing has helped for the time that the settings give. */
export type Remedy = 'none' | 'new channel' | 'new connection' | 'exit';

/** Requests wait and the broker hands out none, in milliseconds: far above what a busy broker needs. */
const NO_DELIVERY_LIMIT_MS = 10_000;
/** All that may be taken is taken and none of it ends: above the time limits of calls to database and broker. */
const NO_SETTLEMENT_LIMIT_MS = 60_000;

/**
 * Compares what waits with what comes and ends. Time counts only while it is watched, so that neither an outage, in
 * which nobody can look, nor a process that was asleep looks like a standstill.
 */
export class StallDetector {
  readonly #exitAfterMs: number;
  #progressed = false;
  #stalledMs = 0;
  #settlesNothing = false;
  #remediesTried = 0;

  /** `exitAfterMs`: 0 = never. */
  constructor(exitAfterMs: number) {
    this.#exitAfterMs = exitAfterMs;
  }

  /** A request was delivered or settled. */
  recordProgress(): void {
    this.#progressed = true;
    if (this.#stalledMs > 0) this.#reset();
  }

  /** Whether requests wait in vain, as far as is known. */
  get stalled(): boolean {
    return this.#stalledMs >= this.#limitMs;
  }

  /** Judges one look, `sinceMs` after the last one. */
  judge({ waiting, hasRoom, held, paused }: QueueSample, sinceMs: number): Remedy {
    const deliversNothing = hasRoom && waiting > 0;
    const settlesNothing = !hasRoom && held > 0;
    const stalled = !this.#progressed && !paused && (deliversNothing || settlesNothing);
    this.#progressed = false;
    if (!stalled) {
      this.#reset();
      return 'none';
    }
    this.#stalledMs += sinceMs;
    this.#settlesNothing = settlesNothing;
    if (this.#exitAfterMs > 0 && this.#stalledMs >= this.#exitAfterMs) return 'exit';
    // Another channel does not end what hangs here; it would bring the same requests once more.
    if (settlesNothing || this.#stalledMs < this.#limitMs * (this.#remediesTried + 1)) return 'none';
    this.#remediesTried += 1;
    return this.#remediesTried === 1 ? 'new channel' : 'new connection';
  }

  get #limitMs(): number {
    const limit = this.#settlesNothing ? NO_SETTLEMENT_LIMIT_MS : NO_DELIVERY_LIMIT_MS;
    // So that there is time for both remedies before the end.
    return this.#exitAfterMs > 0 ? Math.min(limit, this.#exitAfterMs / 4) : limit;
  }

  #reset(): void {
    this.#stalledMs = 0;
    this.#remediesTried = 0;
    this.#settlesNothing = false;
  }
}
