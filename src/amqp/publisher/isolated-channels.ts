import type { PublishChannel } from './publish-channel.ts';
import type { Destination, Pending } from './pending.ts';

/** Messages that are on their way on side lanes at a time, without those that are stuck. */
const MAX_ACTIVE = 16;
const MAX_STUCK = 32;

export interface IsolatedChannelsHost {
  /** Opens a channel; rejects where there is no connection. */
  open(): Promise<PublishChannel>;
  /** Sends `destination`'s next message on this lane. Whether there was one that could be sent. */
  sendNext(channel: PublishChannel, destination: Destination): boolean;
}

/** Channels that carry one message each at a time: whatever it does to its channel, it does to itself. */
export class IsolatedChannels {
  readonly #host: IsolatedChannelsHost;
  readonly #maxStuck: number;
  readonly #free: PublishChannel[] = [];
  /** Oldest message first. */
  readonly #busy = new Map<PublishChannel, Pending>();
  readonly #queue = new Set<Destination>();
  #opening = 0;
  #stuck = 0;

  constructor(maxStuck: number, host: IsolatedChannelsHost) {
    this.#maxStuck = Math.min(maxStuck, MAX_STUCK);
    this.#host = host;
  }

  /** Messages on side lanes, oldest first, each with its lane. */
  get busy(): ReadonlyMap<PublishChannel, Pending> {
    return this.#busy;
  }

  /** Whether a destination waits for a lane, and no more of them may be opened however many are stuck. */
  get exhausted(): boolean {
    return this.#queue.size > 0 && this.#stuck >= this.#maxStuck && this.#room <= 0;
  }

  /** How many of the busy ones are stuck: as many others may be under way beside them. */
  stuck(count: number): void {
    this.#stuck = count;
    this.pump();
  }

  /** Sends the destination's next message when there is a lane for it. */
  request(destination: Destination): void {
    this.#queue.add(destination);
    this.pump();
  }

  pump(): void {
    for (const destination of this.#queue) {
      const channel = this.#free.pop();
      if (channel === undefined) break;
      this.#queue.delete(destination);
      if (!this.#host.sendNext(channel, destination)) this.#free.push(channel);
    }
    for (let more = Math.min(this.#room, this.#queue.size); more > 0; more -= 1) this.#openOne();
  }

  /** How many more lanes may be opened. */
  get #room(): number {
    return MAX_ACTIVE + Math.min(this.#stuck, this.#maxStuck) - this.#busy.size - this.#free.length - this.#opening;
  }

  /** A lane that carries nothing, where there is one; it comes back by `release`. */
  takeFree(): PublishChannel | undefined {
    return this.#free.pop();
  }

  /** This message is on its way on this lane. */
  occupy(channel: PublishChannel, pending: Pending): void {
    this.#busy.set(channel, pending);
  }

  /** The lane's message is answered: the lane takes another. */
  release(channel: PublishChannel): void {
    if (!this.#busy.delete(channel)) return;
    if (channel.isOpen && this.#free.length < MAX_ACTIVE) this.#free.push(channel);
    else channel.close();
    this.pump();
  }

  /** The lane is of no use any more, as its channel is gone, or stuck with a message that was given up. */
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
        () => undefined, // The connection is lost: `pump` is called when there is another.
      )
      .finally(() => {
        this.#opening -= 1;
        if (this.#free.length > 0) this.pump();
      });
  }
}
