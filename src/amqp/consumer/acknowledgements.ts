import type { Channel, ConsumeMessage } from 'amqplib';

/** `lost`: the channel was closed before, so the broker hands the delivery out again. */
type Told = (lost: boolean) => void;

interface Gathered {
  readonly message: ConsumeMessage;
  readonly told: Told;
}

/**
 * Sends the acknowledgements of one turn of the event loop together: as a single one (`multiple`), as far as no delivery
 * before them is open. A quorum queue then writes one entry to its log instead of one for each.
 */
export class Acknowledgements {
  readonly #channel: Channel;
  readonly #open: ReadonlyMap<ConsumeMessage, unknown>;
  #gathered: Gathered[] = [];

  /** `open` holds what is unsettled on the channel, oldest first, and no longer what is added here. */
  constructor(channel: Channel, open: ReadonlyMap<ConsumeMessage, unknown>) {
    this.#channel = channel;
    this.#open = open;
  }

  /** Acknowledgements that are not sent yet. */
  get size(): number {
    return this.#gathered.length;
  }

  /** Acknowledges at the end of this turn and calls `told` then. */
  add(message: ConsumeMessage, told: Told): void {
    if (this.#gathered.push({ message, told }) === 1) queueMicrotask(() => this.#send());
  }

  #send(): void {
    const gathered = this.#gathered;
    this.#gathered = [];
    const oldest = this.#open.keys().next().value;
    const messages = gathered.map(({ message }) => message);
    const sent = acknowledge(this.#channel, messages, oldest === undefined ? Infinity : tagOf(oldest));
    for (const { told } of gathered) told(!sent);
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
