import type { ReplyOutcome } from '../../protocol/reply.ts';
import { backOffMs } from '../../time/retry.ts';
import type { Destinations } from './destinations.ts';
import { insertInOrder, type Destination, type Pending } from './pending.ts';

const MAX_NACKS = 5;
/**
 * Ticks for which a queue may nack. Quorum queues also nack for some seconds after the restart of
 * a node, while they elect their leaders.
 */
const MIN_TICKS = 10;

export interface NackRetryHost {
  finish(pending: Pending, outcome: ReplyOutcome): void;
  /** Sends the destination's waiting messages, as far as possible. */
  pump(destination: Destination): void;
  republished(reason: string, count: number): void;
  /** The confirm watch's ticks. */
  now(): number;
  /** Whether the broker itself is in trouble, so that no queue is to blame. */
  isBlameless(): boolean;
}

/**
 * Handles messages that their queue nacked. One message of a destination is retried with back-off
 * while the others wait, as far as their bound allows. After five nacks in a row, over ten ticks at
 * least, all of them are refused. From then on each message has a single attempt, until the queue
 * accepts one. While the broker itself is in trouble, no message is refused.
 */
export class NackRetry {
  readonly #destinations: Destinations;
  readonly #host: NackRetryHost;

  constructor(destinations: Destinations, host: NackRetryHost) {
    this.#destinations = destinations;
    this.#host = host;
  }

  nacked(destination: Destination, pending: Pending): void {
    const wasRetry = destination.retried === pending;
    if (wasRetry) destination.retried = undefined;
    if (destination.inFlight === 0) destination.stalled = false;
    if (pending.message.once === true) return this.#abandon(pending);
    if (this.#host.isBlameless()) return this.#keep(destination, pending, wasRetry);
    if (destination.nackState === 'abandoned') return this.#abandon(pending);
    if (destination.nackState === 'retrying' && !wasRetry) return this.#hold(destination, pending);
    if (destination.nackState === 'no' && !this.#destinations.mayRetry(destination)) return this.#abandon(pending);
    if (this.#isRefusing(destination)) return this.#abandonAll(destination, pending);
    insertInOrder(destination.waiting, pending);
    this.#retryLater(destination);
    for (const excess of this.#destinations.takeExcess(destination)) this.#abandon(excess);
  }

  /** Counts a nack. Returns whether there were enough of them, for long enough. */
  #isRefusing(destination: Destination): boolean {
    const now = this.#host.now();
    destination.nacksInRow += 1;
    destination.nackedSince = Math.min(destination.nackedSince, now);
    return destination.nacksInRow >= MAX_NACKS && now - destination.nackedSince >= MIN_TICKS;
  }

  /** Retries it, however often. */
  #keep(destination: Destination, pending: Pending, wasRetry: boolean): void {
    insertInOrder(destination.waiting, pending);
    destination.kept = true;
    if (destination.nackState === 'retrying' && !wasRetry) return;
    destination.nacksInRow += 1;
    destination.nackedSince = Infinity;
    this.#retryLater(destination);
  }

  #hold(destination: Destination, pending: Pending): void {
    if (!this.#destinations.mayHold(destination)) return this.#abandon(pending);
    this.#host.republished('refused by the broker', 1);
    insertInOrder(destination.waiting, pending);
  }

  /** The first of the waiting messages is sent after a pause, and the others wait for its outcome. */
  #retryLater(destination: Destination): void {
    destination.nackState = 'retrying';
    this.#destinations.degrade(destination);
    destination.retryTimer = setTimeout(() => {
      destination.retryDue = true;
      this.#host.republished('refused by the broker', 1);
      this.#host.pump(destination);
    }, backOffMs(destination.nacksInRow));
  }

  #abandonAll(destination: Destination, pending: Pending): void {
    destination.nackState = 'abandoned';
    destination.kept = false;
    this.#destinations.degrade(destination);
    this.#abandon(pending);
    for (const other of destination.waiting.splice(0)) this.#abandon(other);
  }

  #abandon(pending: Pending): void {
    this.#host.finish(pending, 'refused');
  }
}
