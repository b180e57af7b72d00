import type { PublishChannel } from './publish-channel.ts';
import type { Destination, Pending } from './pending.ts';

/** Maximum number of messages in flight on isolated channels, without the stuck ones. */
const MAX_ACTIVE = 16;
const MAX_STUCK = 32;
/** Channels that destinations get first which have not failed to answer on one. */
const RESERVED = 4;

export interface IsolatedChannelsHost {
  /** Opens a channel. Rejects where there is no connection. */
  open(): Promise<PublishChannel>;
  /**
   * Sends the destination's next message on this channel. Returns whether there was one to send.
   */
  sendNext(channel: PublishChannel, destination: Destination): boolean;
}

/**
 * Channels that carry one message each at a time: a message that harms its channel harms no other
 * message.
 */
export class IsolatedChannels {
  readonly #host: IsolatedChannelsHost;
  readonly #maxStuck: number;
  readonly #free: PublishChannel[] = [];
  /** Oldest message first. */
  readonly #busy = new Map<PublishChannel, Pending>();
  readonly #queue = new Set<Destination>();
  /** Destinations that did not answer on a channel that others waited for. */
  readonly #silent = new Set<Destination>();
  #opening = 0;
  #stuck = 0;

  constructor(maxStuck: number, host: IsolatedChannelsHost) {
    this.#maxStuck = Math.min(maxStuck, MAX_STUCK);
    this.#host = host;
  }

  /** The channels with a message in flight, oldest message first. */
  get busy(): ReadonlyMap<PublishChannel, Pending> {
    return this.#busy;
  }

  /**
   * Whether destinations that have not been silent wait for a channel, and no more channels may be
   * opened, however many are stuck.
   */
  get exhausted(): boolean {
    return this.#queue.size > 0 && this.#stuck >= this.#maxStuck && this.#room <= 0;
  }

  /** How many channels should be freed for those that wait: one for all silent destinations. */
  get lacking(): number {
    const others = this.#queue.size - this.#opening - Math.max(0, this.#room);
    return Math.max(others, this.#silentWait ? 1 : 0);
  }

  /** Whether a silent destination waits and only the reserved channels are left. */
  get #silentWait(): boolean {
    return this.#silent.size > 0 && this.#room + this.#free.length <= RESERVED;
  }

  /** Sets how many of the busy channels are stuck. As many more may be opened beside them. */
  stuck(count: number): void {
    this.#stuck = count;
    this.pump();
  }

  /** Sends the destination's next message once a channel is free. */
  request(destination: Destination): void {
    (destination.withdrawn ? this.#silent : this.#queue).add(destination);
    this.pump();
  }

  pump(): void {
    this.#serve(this.#queue, 0);
    this.#serve(this.#silent, RESERVED);
    const wanted = this.#queue.size + Math.max(0, Math.min(this.#silent.size, this.#room - RESERVED));
    for (let more = Math.min(this.#room, wanted - this.#opening); more > 0; more -= 1) this.#openOne();
  }

  /** Sends on free channels for those that wait, and leaves `reserved` channels to others. */
  #serve(waiting: Set<Destination>, reserved: number): void {
    for (const destination of waiting) {
      if (this.#room + this.#free.length <= reserved) break;
      const channel = this.#free.pop();
      if (channel === undefined) break;
      waiting.delete(destination);
      if (!this.#host.sendNext(channel, destination)) this.#free.push(channel);
    }
  }

  /** How many more channels may be opened. */
  get #room(): number {
    return MAX_ACTIVE + Math.min(this.#stuck, this.#maxStuck) - this.#busy.size - this.#free.length - this.#opening;
  }

  /** A channel without a message, if there is one. `release` returns it. */
  takeFree(): PublishChannel | undefined {
    return this.#free.pop();
  }

  /** This message is in flight on this channel. */
  occupy(channel: PublishChannel, pending: Pending): void {
    this.#busy.set(channel, pending);
  }

  /** The channel's message is resolved: the channel may carry another. */
  release(channel: PublishChannel): void {
    if (!this.#busy.delete(channel)) return;
    if (channel.isOpen && this.#free.length < MAX_ACTIVE) this.#free.push(channel);
    else channel.close();
    this.pump();
  }

  /** Removes the channel: it is closed, or stuck with an abandoned message. */
  discard(channel: PublishChannel): void {
    this.#busy.delete(channel);
    const at = this.#free.indexOf(channel);
    if (at >= 0) this.#free.splice(at, 1);
    channel.close();
  }

  #openOne(): void {
    this.#opening += 1;
    this.#host
      .open()
      .then(
        (channel) => this.#free.push(channel),
        () => undefined, // The connection is lost, or silent. `pump` is called with each tick.
      )
      .finally(() => {
        this.#opening -= 1;
        if (this.#free.length > 0) this.pump();
      });
  }
}
