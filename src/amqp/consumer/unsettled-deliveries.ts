import type { Channel, ConsumeMessage } from 'amqplib';

import { AckBatch } from './ack-batch.ts';

/** Learns whether the channel was closed before: then the broker hands the delivery out again. */
export type OnSettled = (lost: boolean) => void;

/** A delivery that has been under way for so long does not end links, and nothing waits for it any longer. */
const STALE_MS = 5_000;

/** The unsettled deliveries of one channel. Each is settled once, on that channel: a tag means another message on any other. */
export class UnsettledDeliveries {
  readonly #channel: Channel;
  /** Since when each is under way, oldest first. */
  readonly #open = new Map<ConsumeMessage, number>();
  readonly #acknowledgements: AckBatch;
  readonly #settled: (message: ConsumeMessage) => void;

  /** `settled` is told of each when the broker has been told, before the one who settles it. */
  constructor(channel: Channel, settled: (message: ConsumeMessage) => void) {
    this.#channel = channel;
    this.#acknowledgements = new AckBatch(channel, this.#open);
    this.#settled = settled;
  }

  get size(): number {
    return this.#open.size + this.#acknowledgements.size;
  }

  add(message: ConsumeMessage): void {
    this.#open.set(message, performance.now());
  }

  /** Oldest first, without those whose acknowledgement is about to be sent. */
  open(): ConsumeMessage[] {
    return [...this.#open.keys()];
  }

  /** Acknowledges at the end of this turn. Ignored where it is settled already. */
  acknowledge(message: ConsumeMessage, onSettled: OnSettled): void {
    if (!this.#open.delete(message)) return;
    this.#acknowledgements.add(message, (lost) => {
      this.#settled(message);
      onSettled(lost);
    });
  }

  /** Back to the queue, which does not charge it. Ignored where it is settled already. */
  requeue(message: ConsumeMessage, onSettled: OnSettled): void {
    this.#reject(message, true, onSettled);
  }

  /** The broker puts it into the dead-letter queue, without a diagnosis. Ignored where it is settled already. */
  deadLetter(message: ConsumeMessage, onSettled: OnSettled): void {
    this.#reject(message, false, onSettled);
  }

  /** Whether it is not settled yet. */
  has(message: ConsumeMessage): boolean {
    return this.#open.has(message);
  }

  #reject(message: ConsumeMessage, requeue: boolean, onSettled: OnSettled): void {
    if (!this.#open.delete(message)) return;
    let lost = false;
    try {
      this.#channel.nack(message, false, requeue);
    } catch {
      lost = true; // The channel is closed.
    }
    this.#settled(message);
    onSettled(lost);
  }

  /**
   * Back to the queue with all, as the channel is about to be closed, which would charge them. They stay here: whoever
   * settles one learns that it is lost.
   */
  requeueAll(): void {
    if (this.#open.size === 0) return;
    try {
      this.#channel.nackAll(true);
    } catch {
      // The channel is closed, and the broker has taken back everything.
    }
  }

  /** Whether no delivery but `message` came in the last five seconds. */
  othersAreStale(message: ConsumeMessage | undefined): boolean {
    const limit = performance.now() - STALE_MS;
    for (const [other, since] of this.#open) if (other !== message && since > limit) return false;
    return true;
  }
}
