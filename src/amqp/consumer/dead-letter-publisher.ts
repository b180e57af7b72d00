import type { ConsumeMessage } from 'amqplib';

import type { Diagnosis } from '../../protocol/settlement.ts';
import { retryUntil, type RetryPolicy } from '../../time/retry.ts';
import { deadLetterMessage, FULLEST_TO_BAREST } from './dead-letter-message.ts';
import type { Publisher } from '../publisher/publisher.ts';
import { deadLetterQueueOf, declareTopology } from '../connection/topology.ts';

/**
 * What is to become of the delivery: `dead-lettered` and to be acknowledged; `unsendable`, so that the broker has to
 * dead-letter it itself; `handed-back`, as the worker is stopping.
 */
export type DeadLetterOutcome = 'dead-lettered' | 'unsendable' | 'handed-back';

export interface DeadLetterEvents {
  /** The dead-letter queue does not take the letter (full, missing, without majority); it is tried again. */
  deadLetterHeld(reason: string, failures: number): void;
}

/**
 * Brings requests to the dead-letter queue. Where that does not take them each is held, and with it its delivery: one is
 * tried again with back-off, the others follow when it is taken.
 */
export class DeadLetterPublisher {
  readonly #publisher: Publisher;
  readonly #requestQueue: string;
  readonly #events: DeadLetterEvents;
  readonly #stopping = new AbortController();
  readonly #retryPolicy: RetryPolicy = retryUntil(this.#stopping.signal);
  /** Ends when the letter that is tried again is taken, or cannot be. */
  #pendingRetry: Promise<void> | undefined;

  constructor(publisher: Publisher, requestQueue: string, events: DeadLetterEvents) {
    this.#publisher = publisher;
    this.#requestQueue = requestQueue;
    this.#events = events;
  }

  /** Letters that are held, and those that come later, have one more try each. */
  stop(): void {
    this.#stopping.abort();
  }

  /**
   * Never rejects. `gone`: whether the delivery is not ours any more, so that the broker hands it out again; then its
   * letter is not sent.
   */
  async publish(request: ConsumeMessage, diagnosis: Diagnosis, gone: () => boolean): Promise<DeadLetterOutcome> {
    for (;;) {
      const outcome = await this.#send(request, diagnosis);
      if (typeof outcome === 'string') return outcome;
      if (this.#retryPolicy.abandoned() || gone()) return 'handed-back';
      if (this.#pendingRetry === undefined) return this.#retry(request, diagnosis, outcome.reason, gone);
      await this.#pendingRetry;
      if (gone()) return 'handed-back';
    }
  }

  async #retry(
    request: ConsumeMessage,
    diagnosis: Diagnosis,
    firstReason: string,
    gone: () => boolean,
  ): Promise<DeadLetterOutcome> {
    let over: () => void = () => undefined;
    this.#pendingRetry = new Promise((resolve) => (over = resolve));
    try {
      let reason = firstReason;
      for (let failures = 1; ; failures += 1) {
        this.#events.deadLetterHeld(reason, failures);
        await this.#retryPolicy.pause(failures);
        if (gone()) return 'handed-back';
        if (reason === 'returned') await this.#declare();
        const outcome = await this.#send(request, diagnosis);
        if (typeof outcome === 'string') return outcome;
        if (this.#retryPolicy.abandoned()) return 'handed-back';
        reason = outcome.reason;
      }
    } finally {
      this.#pendingRetry = undefined;
      over();
    }
  }

  /** Why the queue does not take it, or what becomes of the delivery. */
  async #send(request: ConsumeMessage, diagnosis: Diagnosis): Promise<DeadLetterOutcome | { readonly reason: string }> {
    const queue = deadLetterQueueOf(this.#requestQueue);
    for (const kept of FULLEST_TO_BAREST) {
      const letter = deadLetterMessage(request, queue, diagnosis, kept);
      const outcome = await this.#publisher.publish(letter).catch(() => 'stopped' as const);
      if (outcome === 'stopped') return 'handed-back';
      if (outcome === 'routed') return 'dead-lettered';
      if (outcome !== 'unsendable') return { reason: outcome };
    }
    return 'unsendable';
  }

  /** The queue is missing: declares it as at the start, beside the channels that are in use. */
  async #declare(): Promise<void> {
    try {
      await this.#publisher.withConnection(async (model) => void (await declareTopology(model, this.#requestQueue)));
    } catch {
      // It is told as held, and tried again.
    }
  }
}
