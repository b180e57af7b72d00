import type { Channel, ConsumeMessage } from 'amqplib';

/** `lost`: the channel was closed before, so the broker hands the delivery out again. */
type OnSettled = (lost: boolean) => void;

interface PendingAck {
  readonly message: ConsumeMessage;
  readonly onSettled: OnSettled;
}

/**
 * Sends the acknowledgements of one turn of the event loop together: as a single one (`multiple`), as far as no delivery
 * before them is open. A quorum queue then writes one entry to its log instead of one for each.
 */
export class AckBatch {
  readonly #channel: Channel;
  readonly #open: ReadonlyMap<ConsumeMessage, unknown>;
  #batch: PendingAck[] = [];

  /** `open` holds what is unsettled on the channel, oldest first, and no longer what is added here. */
  constructor(channel: Channel, open: ReadonlyMap<ConsumeMessage, unknown>) {
    this.#channel = channel;
    this.#open = open;
  }

  /** Acknowledgements that are not sent yet. */
  get size(): number {
    return this.#batch.length;
  }

  /** Acknowledges at the end of this turn and calls `told` then. */
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

/** Whether the broker could be told. */
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
    return false; // The channel is closed, and was before the first of them.
  }
}

function tagOf(message: ConsumeMessage): number {
  return message.fields.deliveryTag;
}
