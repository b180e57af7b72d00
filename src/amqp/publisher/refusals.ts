import type { ReplyOutcome } from '../../protocol/reply.ts';
import { backOffMs } from '../../time/retry.ts';
import type { Destinations } from './destinations.ts';
import { putBack, type Destination, type Pending } from './pending.ts';

const MAX_REFUSALS = 5;

export interface RefusalsHost {
  finish(pending: Pending, outcome: ReplyOutcome): void;
  /** Sends what may be sent to this destination. */
  pump(destination: Destination): void;
  republished(reason: string, count: number): void;
}

/**
 * What becomes of a message that its queue refused: one of a destination is tried again with back-off while the others
 * wait, as far as their bound allows; after five refusals in a row all are given up, and from then on each has one try,
 * until the queue takes something.
 */
export class Refusals {
  readonly #destinations: Destinations;
  readonly #host: RefusalsHost;

  constructor(destinations: Destinations, host: RefusalsHost) {
    this.#destinations = destinations;
    this.#host = host;
  }

  refused(destination: Destination, pending: Pending): void {
    const wasRetried = destination.retried === pending;
    if (wasRetried) destination.retried = undefined;
    if (pending.message.once === true || destination.refusing === 'given-up') return this.#giveUp(pending);
    if (destination.refusing === 'retrying' && !wasRetried) return this.#hold(destination, pending);
    if (destination.refusing === 'no' && !this.#destinations.mayRetry(destination)) return this.#giveUp(pending);
    destination.refusals += 1;
    if (destination.refusals >= MAX_REFUSALS) return this.#giveUpAll(destination, pending);
    putBack(destination.waiting, pending);
    destination.refusing = 'retrying';
    this.#destinations.trouble(destination);
    for (const excess of this.#destinations.excess(destination)) this.#giveUp(excess);
    this.#retryLater(destination);
  }

  #hold(destination: Destination, pending: Pending): void {
    if (!this.#destinations.mayHold(destination)) return this.#giveUp(pending);
    this.#host.republished('refused by the broker', 1);
    putBack(destination.waiting, pending);
  }

  #retryLater(destination: Destination): void {
    destination.retryTimer = setTimeout(() => {
      destination.retryDue = true;
      this.#host.republished('refused by the broker', 1);
      this.#host.pump(destination);
    }, backOffMs(destination.refusals));
  }

  #giveUpAll(destination: Destination, pending: Pending): void {
    destination.refusing = 'given-up';
    this.#destinations.trouble(destination);
    this.#giveUp(pending);
    for (const other of destination.waiting.splice(0)) this.#giveUp(other);
  }

  #giveUp(pending: Pending): void {
    this.#host.finish(pending, 'refused');
  }
}
