import type { ConsumeMessage } from 'amqplib';

/** What passes a queue on to another worker needs of the consumer. */
export interface HandOverHost {
  shouldConsume(): boolean;
  received(message: ConsumeMessage): void;
  /** Replaces the channel. */
  release(reason: string): void;
}

/**
 * Milliseconds that requests in flight have to end before another worker gets them. Well above the
 * pauses of an open circuit breaker, between which requests are consumed: requests that are held
 * must not be passed from worker to worker, each of which would count further failures.
 */
const MAX_WAIT_MS = 15_000;

/**
 * Passes a queue with a single active consumer on in order. The broker activates the next consumer
 * as soon as this one is cancelled, while requests are in flight here: the next request about the
 * same contact could take effect first. So the consumer is not cancelled. New deliveries are
 * parked until those in flight are settled; then the channel closes, which requeues the parked ones
 * in their places before it activates the next consumer.
 */
export class HandOver {
  readonly #host: HandOverHost;
  readonly #executing: () => number;
  readonly #parked: ConsumeMessage[] = [];
  #parking = false;
  #released = false;
  #timer: NodeJS.Timeout | undefined;

  /** `executing`: number of unsettled deliveries that are not parked. */
  constructor(host: HandOverHost, executing: () => number) {
    this.#host = host;
    this.#executing = executing;
  }

  get parked(): number {
    return this.#parked.length;
  }

  /** Nothing should be consumed now, or with another prefetch count. Idempotent. */
  begin(): void {
    if (this.#host.shouldConsume()) return this.#release('another prefetch count');
    if (!this.#parking) this.#timer = setTimeout(() => this.#release('consumption pauses'), MAX_WAIT_MS);
    this.#parking = true;
    this.review();
  }

  /** Ends the parking where it has become needless, or has done its work. */
  review(): void {
    if (!this.#parking || this.#released) return;
    if (!this.#host.shouldConsume()) {
      if (this.#executing() === 0) this.#release('consumption pauses');
      return;
    }
    this.#parking = false;
    clearTimeout(this.#timer);
    for (const message of this.#parked.splice(0)) this.#host.received(message);
  }

  /** Returns whether the delivery is parked; else it begins. */
  park(message: ConsumeMessage): boolean {
    if (this.#parking) this.#parked.push(message);
    return this.#parking;
  }

  /** The channel closes: `lost` gets what was parked. Idempotent. */
  drop(lost: (message: ConsumeMessage) => void): void {
    this.#released = true;
    clearTimeout(this.#timer);
    for (const message of this.#parked.splice(0)) lost(message);
  }

  #release(reason: string): void {
    if (this.#released) return;
    this.#released = true;
    clearTimeout(this.#timer);
    this.#host.release(reason);
  }
}
