import type { REMEDIES } from '../../protocol/catalogue.ts';

/** Requests wait and none is delivered, or no request in flight ends, and no remedy has helped. */
export class ConsumerStuckError extends Error {
  override readonly name = 'ConsumerStuckError';
}

/** State of queue and consumer at one poll. */
export interface QueueSample {
  /** Number of requests in the queue. */
  readonly waiting: number;
  /** Whether the prefetch allows another delivery. */
  readonly hasRoom: boolean;
  /** Number of unsettled deliveries. */
  readonly held: number;
  /** Nothing should be consumed now: consumption is paused, or the worker stops. */
  readonly paused: boolean;
}

/** What to do. `exit`: no remedy has helped within the time of the settings. */
export type Remedy = 'none' | (typeof REMEDIES)[number];

/** Milliseconds that requests may wait without a delivery: far above what a busy broker needs. */
const NO_DELIVERY_LIMIT_MS = 10_000;
/**
 * Milliseconds that a full prefetch may stay without a settlement: above the time limits of calls
 * to database and broker.
 */
const NO_SETTLEMENT_LIMIT_MS = 60_000;

/**
 * Detects that requests wait and none is delivered, or that none ends. Time counts only between
 * polls that are answered, so that neither an outage nor a suspended process looks like a stall.
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

  /** Whether there was progress since the last sample. */
  get progressed(): boolean {
    return this.#progressed;
  }

  /** Whether the consumer counts as stalled. */
  get stalled(): boolean {
    return this.#stalledMs >= this.#limitMs;
  }

  /** Returns the remedy for one sample, `sinceMs` after the previous one. */
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
    // Another channel does not end requests that hang here; it would only deliver them once more.
    if (settlesNothing || this.#stalledMs < this.#limitMs * (this.#remediesTried + 1)) return 'none';
    this.#remediesTried += 1;
    return this.#remediesTried === 1 ? 'new channel' : 'new connection';
  }

  get #limitMs(): number {
    const limit = this.#settlesNothing ? NO_SETTLEMENT_LIMIT_MS : NO_DELIVERY_LIMIT_MS;
    // Leaves time for both remedies before the exit.
    return this.#exitAfterMs > 0 ? Math.min(limit, this.#exitAfterMs / 4) : limit;
  }

  #reset(): void {
    this.#stalledMs = 0;
    this.#remediesTried = 0;
    this.#settlesNothing = false;
  }
}
