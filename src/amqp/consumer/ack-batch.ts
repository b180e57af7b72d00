import type { Channel, ConsumeMessage } from 'amqplib';

import { tagOf, type OpenDeliveries } from './open-deliveries.ts';

/** `lost`: the channel was closed before, so that the broker redelivers. */
type OnSettled = (lost: boolean) => void;

interface PendingAck {
  readonly message: ConsumeMessage;
  readonly onSettled: OnSettled;
}

/**
 * How long a lone acknowledgement waits, in milliseconds. Its producer has its answer and sends the
 * next request: the broker would write the acknowledgement first, and the request would wait for
 * that.
 */
const LONE_WAIT_MS = 3;

/**
 * Sends all acknowledgements of one turn of the event loop together: as a single one (`multiple`),
 * as far as no earlier delivery is unsettled. A quorum queue then writes one log entry instead of
 * one per delivery. Where nothing else is unsettled it waits for the next ones, for 3 ms.
 */
export class AckBatch {
  readonly #channel: Channel;
  readonly #open: OpenDeliveries;
  readonly #mayWait: (waiting: number) => boolean;
  #batch: PendingAck[] = [];
  #scheduled = false;
  #loneTimer: NodeJS.Timeout | undefined;

  /**
   * `open`: the unsettled deliveries of the channel, without those that were added here. `mayWait`:
   * whether the broker delivers on before so many are acknowledged.
   */
  constructor(channel: Channel, open: OpenDeliveries, mayWait: (waiting: number) => boolean) {
    this.#channel = channel;
    this.#open = open;
    this.#mayWait = mayWait;
  }

  /** Number of acknowledgements that are not sent yet. */
  get size(): number {
    return this.#batch.length;
  }

  /** Acknowledges at the end of this turn, or 3 ms later, and calls `onSettled` then. */
  add(message: ConsumeMessage, onSettled: OnSettled): void {
    this.#batch.push({ message, onSettled });
    if (this.#scheduled) return;
    if (this.#open.size === 0 && this.#mayWait(this.#batch.length)) {
      this.#loneTimer ??= setTimeout(() => this.send(), LONE_WAIT_MS);
      return;
    }
    this.#scheduled = true;
    queueMicrotask(() => this.send());
  }

  /** Sends what waits. Before the channel is closed, or its deliveries would come again. */
  send(): void {
    clearTimeout(this.#loneTimer);
    this.#loneTimer = undefined;
    this.#scheduled = false;
    const batch = this.#batch;
    if (batch.length === 0) return;
    this.#batch = [];
    const messages = batch.map(({ message }) => message);
    const sent = acknowledge(this.#channel, messages, this.#open.oldestTag ?? Infinity);
    for (const { onSettled } of batch) onSettled(!sent);
  }
}

/** Returns whether the acknowledgements were sent. */
function acknowledge(channel: Channel, messages: readonly ConsumeMessage[], firstOpen: number): boolean {
  let last: ConsumeMessage | undefined;
  const single: ConsumeMessage[] = [];
  for (const message of messages) {
    if (tagOf(message) > firstOpen) single.push(message);
    else if (last === undefined || tagOf(message) > tagOf(last)) last = message;
  }
  try {
    if (last !== undefined) channel.ack(last, true);
    for (const message of single) channel.ack(message);
    return true;
  } catch {
    return false; // The channel was closed before the first of them.
  }
}
