import type { Channel, ConsumeMessage } from 'amqplib';

/** One delivery under way, bound to the channel that it came on: a tag means another message on any other channel. */
export interface InFlight {
  readonly channel: Channel;
  readonly message: ConsumeMessage;
}

/** `lost`: the channel was closed before, so the broker hands the delivery out again. */
type Told = (lost: boolean) => void;

interface Gathered {
  readonly delivery: InFlight;
  readonly told: Told;
}

/**
 * Sends the acknowledgements of one turn of the event loop together: as a single one (`multiple`), as far as no delivery
 * before them is open. A quorum queue then writes one entry to its log instead of one for each.
 */
export class Acknowledgements {
  readonly #open: ReadonlySet<InFlight>;
  #gathered: Gathered[] = [];

  /** `open` holds what is unsettled, oldest first, and no longer what is added here. */
  constructor(open: ReadonlySet<InFlight>) {
    this.#open = open;
  }

  /** Acknowledgements that are not sent yet. */
  get size(): number {
    return this.#gathered.length;
  }

  /** Acknowledges at the end of this turn and calls `told` then. */
  add(delivery: InFlight, told: Told): void {
    if (this.#gathered.push({ delivery, told }) === 1) queueMicrotask(() => this.#send());
  }

  #send(): void {
    const gathered = this.#gathered;
    this.#gathered = [];
    for (const channel of new Set(gathered.map(({ delivery }) => delivery.channel))) {
      const ours = gathered.filter(({ delivery }) => delivery.channel === channel);
      const messages = ours.map(({ delivery }) => delivery.message);
      const sent = acknowledge(channel, messages, this.#firstOpenOn(channel));
      for (const { told } of ours) told(!sent);
    }
  }

  #firstOpenOn(wanted: Channel): number {
    for (const { channel, message } of this.#open) if (channel === wanted) return tagOf(message);
    return Infinity;
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
