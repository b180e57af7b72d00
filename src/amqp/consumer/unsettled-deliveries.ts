import type { Channel, ConsumeMessage } from 'amqplib';

import { AckBatch } from './ack-batch.ts';
import { OpenDeliveries } from './open-deliveries.ts';

/**
 * `lost`: the channel was closed before, so that the broker redelivers. `ms`: milliseconds since the
 * delivery.
 */
export type OnSettled = (lost: boolean, ms: number) => void;

/** A delivery that is in flight for this long does not end channels, and nothing waits for it. */
const STALE_MS = 5_000;

/**
 * The unsettled deliveries of one channel. Each is settled once, on that channel: on another its
 * tag means another message.
 */
export class UnsettledDeliveries {
  readonly #channel: Channel;
  readonly #open = new OpenDeliveries();
  readonly #acknowledgements: AckBatch;
  readonly #settled: (message: ConsumeMessage) => void;

  /**
   * `settled` is called for each delivery once its settlement is sent, before its `onSettled`.
   * `mayWait`: see AckBatch.
   */
  constructor(channel: Channel, settled: (message: ConsumeMessage) => void, mayWait: (waiting: number) => boolean) {
    this.#channel = channel;
    this.#acknowledgements = new AckBatch(channel, this.#open, mayWait);
    this.#settled = settled;
  }

  get size(): number {
    return this.#open.size + this.#acknowledgements.size;
  }

  add(message: ConsumeMessage): void {
    this.#open.add(message);
  }

  /** Oldest first, without those whose acknowledgement is about to be sent. */
  open(): ConsumeMessage[] {
    return this.#open.messages();
  }

  /** Acknowledges in a moment. Ignored for a settled delivery. */
  acknowledge(message: ConsumeMessage, onSettled: OnSettled): void {
    const since = this.#open.take(message);
    if (since === undefined) return;
    this.#acknowledgements.add(message, (lost) => {
      this.#settled(message);
      onSettled(lost, performance.now() - since);
    });
  }

  /** Sends the acknowledgements that wait. */
  sendAcknowledgements(): void {
    this.#acknowledgements.send();
  }

  /** Requeues without a charge. Ignored for a settled delivery. */
  requeue(message: ConsumeMessage, onSettled: OnSettled): void {
    this.#reject(message, true, onSettled);
  }

  /** Lets the broker dead-letter it, without a diagnosis. Ignored for a settled delivery. */
  deadLetter(message: ConsumeMessage, onSettled: OnSettled): void {
    this.#reject(message, false, onSettled);
  }

  /** Its channel closes, so that the broker redelivers it. Ignored for a settled delivery. */
  lose(message: ConsumeMessage, onSettled: OnSettled): void {
    const since = this.#open.take(message);
    if (since === undefined) return;
    this.#settled(message);
    onSettled(true, performance.now() - since);
  }

  /** Whether it is unsettled. */
  has(message: ConsumeMessage): boolean {
    return this.#open.has(message);
  }

  #reject(message: ConsumeMessage, requeue: boolean, onSettled: OnSettled): void {
    const since = this.#open.take(message);
    if (since === undefined) return;
    let lost = false;
    try {
      this.#channel.nack(message, false, requeue);
    } catch {
      lost = true; // The channel is closed.
    }
    this.#settled(message);
    onSettled(lost, performance.now() - since);
  }

  /**
   * Requeues all: the channel is about to be closed, which would charge them. They stay here, so
   * that later settlements are reported as lost.
   */
  requeueAll(): void {
    if (this.#open.size === 0) return;
    try {
      this.#channel.nackAll(true);
    } catch {
      // The channel is closed, and the broker has requeued everything.
    }
  }

  /** Whether no delivery except `message` arrived within the last five seconds. */
  othersAreStale(message: ConsumeMessage | undefined): boolean {
    return !this.#open.hasOtherSince(performance.now() - STALE_MS, message);
  }
}
