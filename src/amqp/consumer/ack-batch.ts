import type { Channel, ConsumeMessage } from 'amqplib';

/** `lost`: the channel was closed before, so that the broker redelivers. */
type OnSettled = (lost: boolean) => void;

interface PendingAck {
  readonly message: ConsumeMessage;
  readonly onSettled: OnSettled;
}

/**
 * Sends all acknowledgements of one turn of the event loop together: as a single one (`multiple`),
 * as far as no earlier delivery is unsettled. A quorum queue then writes one log entry instead of
 * one per delivery.
 */
export class AckBatch {
  readonly #channel: Channel;
  readonly #open: ReadonlyMap<ConsumeMessage, unknown>;
  #batch: PendingAck[] = [];

  /**
   * `open`: the unsettled deliveries of the channel, oldest first, without those that were added
   * here.
   */
  constructor(channel: Channel, open: ReadonlyMap<ConsumeMessage, unknown>) {
    this.#channel = channel;
    this.#open = open;
  }

  /** Number of acknowledgements that are not sent yet. */
  get size(): number {
    return this.#batch.length;
  }

  /** Acknowledges at the end of this turn, and calls `onSettled` then. */
  add(message: ConsumeMessage, onSettled: OnSettled): void {
    if (this.#batch.push({ message, onSettled }) === 1) queueMicrotask(() => this.#send());
  }

  #send(): void {
    const batch = this.#batch;
    this.#batch = [];
    const oldest = this.#open.keys().next().value;
    const messages = batch.map(({ message }) => message);
    const sent = acknowledge(this.#channel, messages, oldest === undefined ? Infinity : tagOf(oldest));
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

function tagOf(message: ConsumeMessage): number {
  return message.fields.deliveryTag;
}
