import type { PublishLane } from './publish-lane.ts';
import type { Destination, Pending } from './pending.ts';

/** Messages that are on their way on side lanes at a time, without those that are stuck. */
const AT_ONCE = 16;
const MAX_STUCK = 32;

export interface SideLanesHost {
  /** Opens a channel; rejects where there is no connection. */
  open(): Promise<PublishLane>;
  /** Sends `destination`'s next message on this lane. Whether there was one that could be sent. */
  sendNext(lane: PublishLane, destination: Destination): boolean;
}

/** Channels that carry one message each at a time: whatever it does to its channel, it does to itself. */
export class SideLanes {
  readonly #host: SideLanesHost;
  readonly #mostStuck: number;
  readonly #free: PublishLane[] = [];
  /** Oldest message first. */
  readonly #busy = new Map<PublishLane, Pending>();
  readonly #queue = new Set<Destination>();
  #opening = 0;
  #stuck = 0;

  constructor(mostStuck: number, host: SideLanesHost) {
    this.#mostStuck = Math.min(mostStuck, MAX_STUCK);
    this.#host = host;
  }

  /** Messages on side lanes, oldest first, each with its lane. */
  get busy(): ReadonlyMap<PublishLane, Pending> {
    return this.#busy;
  }

  /** Whether a destination waits for a lane, and no more of them may be opened however many are stuck. */
  get exhausted(): boolean {
    return this.#queue.size > 0 && this.#stuck >= this.#mostStuck && this.#room <= 0;
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
      const lane = this.#free.pop();
      if (lane === undefined) break;
      this.#queue.delete(destination);
      if (!this.#host.sendNext(lane, destination)) this.#free.push(lane);
    }
    for (let more = Math.min(this.#room, this.#queue.size); more > 0; more -= 1) this.#openOne();
  }

  /** How many more lanes may be opened. */
  get #room(): number {
    return AT_ONCE + Math.min(this.#stuck, this.#mostStuck) - this.#busy.size - this.#free.length - this.#opening;
  }

  /** A lane that carries nothing, where there is one; it comes back by `release`. */
  takeFree(): PublishLane | undefined {
    return this.#free.pop();
  }

  /** This message is on its way on this lane. */
  occupy(lane: PublishLane, pending: Pending): void {
    this.#busy.set(lane, pending);
  }

  /** The lane's message is answered: the lane takes another. */
  release(lane: PublishLane): void {
    if (!this.#busy.delete(lane)) return;
    if (lane.isOpen && this.#free.length < AT_ONCE) this.#free.push(lane);
    else lane.close();
    this.pump();
  }

  /** The lane is of no use any more, as its channel is gone, or stuck with a message that was given up. */
  discard(lane: PublishLane): void {
    this.#busy.delete(lane);
    const at = this.#free.indexOf(lane);
    if (at >= 0) this.#free.splice(at, 1);
    lane.close();
  }

  #openOne(): void {
    this.#opening += 1;
    this.#host
      .open()
      .then(
        (lane) => this.#free.push(lane),
        () => undefined, // The connection is lost: `pump` is called when there is another.
      )
      .finally(() => {
        this.#opening -= 1;
        if (this.#free.length > 0) this.pump();
      });
  }
}
