import type { ConsumeMessage } from 'amqplib';

import type { RequestQueue } from '../../protocol/request-queues.ts';
import type { Diagnosis } from '../../protocol/settlement.ts';
import { retryUntil, type RetryPolicy } from '../../time/retry.ts';
import { deadLetterMessage, FULLEST_TO_BAREST } from './dead-letter-message.ts';
import { isAbridged } from '../wire/abridged.ts';
import type { Publisher } from '../publisher/publisher.ts';
import { declareTopology } from '../connection/topology.ts';

/**
 * What to do with the delivery. `dead-lettered`: acknowledge it. `unsendable`: the broker has to
 * dead-letter it itself. `handed-back`: requeue it, because the worker stops.
 */
export type DeadLetterOutcome = 'dead-lettered' | 'unsendable' | 'handed-back';

export interface DeadLetterEvents {
  /**
   * The dead-letter queue does not accept the letter (it is full, missing or without majority). A
   * retry follows.
   */
  deadLetterHeld(reason: string, failures: number): void;
}

/**
 * Publishes requests to the dead-letter queue. Where the queue does not accept them each letter
 * waits, and its delivery with it: one letter is retried with back-off, and the others follow once
 * it is accepted.
 */
export class DeadLetterPublisher {
  readonly #publisher: Publisher;
  readonly #requestQueue: RequestQueue;
  readonly #events: DeadLetterEvents;
  readonly #stopping = new AbortController();
  readonly #retryPolicy: RetryPolicy = retryUntil(this.#stopping.signal);
  /** Resolves when the retried letter is accepted, or cannot be. */
  #pendingRetry: Promise<void> | undefined;

  constructor(publisher: Publisher, requestQueue: RequestQueue, events: DeadLetterEvents) {
    this.#publisher = publisher;
    this.#requestQueue = requestQueue;
    this.#events = events;
  }

  /** Waiting and later letters have one more attempt each. */
  stop(): void {
    this.#stopping.abort();
  }

  /**
   * Never rejects. `gone`: whether the delivery is no longer ours, so that the broker redelivers
   * it; its letter is not published then.
   */
  async publish(request: ConsumeMessage, diagnosis: Diagnosis, gone: () => boolean): Promise<DeadLetterOutcome> {
    if (isAbridged(request)) return 'unsendable';
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

  /** Returns what to do with the delivery, or why the queue does not accept the letter. */
  async #send(request: ConsumeMessage, diagnosis: Diagnosis): Promise<DeadLetterOutcome | { readonly reason: string }> {
    const queue = this.#requestQueue.deadLetterQueue;
    for (const kept of FULLEST_TO_BAREST) {
      const letter = deadLetterMessage(request, queue, diagnosis, kept);
      const outcome = await this.#publisher.publish(letter).catch(() => 'stopped' as const);
      if (outcome === 'stopped') return 'handed-back';
      if (outcome === 'routed') return 'dead-lettered';
      if (outcome !== 'unsendable') return { reason: outcome };
    }
    return 'unsendable';
  }

  /** Declares the missing queue as at the start, on other channels than those in use. */
  async #declare(): Promise<void> {
    try {
      await this.#publisher.withConnection(async (model) => void (await declareTopology(model, this.#requestQueue)));
    } catch {
      // The letter counts as held, and is retried.
    }
  }
}
