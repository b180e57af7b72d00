import { Destination, isNamedByBroker, type Pending } from './pending.ts';

/** Destinations that are remembered: their names are chosen by outsiders. */
const MAX_KEPT = 4_096;
const MAX_DEGRADED = 256;

/** All destinations, with a bound on how many requests may wait for troubled ones. */
export class Destinations {
  readonly #byName = new Map<string, Destination>();
  /** Oldest trouble first. */
  readonly #degraded = new Set<Destination>();
  /** Most requests that may wait for troubled destinations together. */
  readonly maxHeld: number;
  readonly #maxHeldByOne: number;

  /** A quarter of `prefetch` may wait for troubled destinations, and a sixteenth for one of them. */
  constructor(prefetch: number) {
    this.maxHeld = Math.max(1, Math.floor(prefetch / 4));
    this.#maxHeldByOne = Math.max(1, Math.floor(prefetch / 16));
  }

  of(name: string): Destination {
    let destination = this.#byName.get(name);
    if (destination === undefined) {
      if (this.#byName.size >= MAX_KEPT) this.#forgetIdle();
      destination = new Destination(name);
      this.#byName.set(name, destination);
    }
    return destination;
  }

  /** All that are remembered: those with messages that have no outcome, and more. */
  all(): Iterable<Destination> {
    return this.#byName.values();
  }

  /** There is another channel, which has met none of them. */
  channelReplaced(): void {
    for (const destination of this.#byName.values()) {
      destination.servedByMain = isNamedByBroker(destination.name);
      if (!destination.stalled) continue;
      destination.stalled = false;
      if (!destination.degraded) this.restore(destination);
    }
  }

  /** Marks as troubled; of too many the oldest idle one is forgotten. */
  degrade(destination: Destination): void {
    this.#degraded.add(destination);
    if (this.#degraded.size <= MAX_DEGRADED) return;
    for (const other of this.#degraded) {
      if (other.open > 0) continue;
      this.restore(other);
      return;
    }
  }

  /** Nothing more is sent there until this tick. */
  abandon(destination: Destination, until: number): void {
    destination.stalled = false;
    destination.servedByMain = false;
    destination.confirmedAt = -Infinity;
    destination.abandonedUntil = until;
    this.degrade(destination);
  }

  /** Nothing is wrong there any more. */
  restore(destination: Destination): void {
    clearTimeout(destination.retryTimer);
    destination.nackState = 'no';
    destination.nacksInRow = 0;
    destination.retried = undefined;
    destination.retryDue = false;
    destination.stalled = false;
    destination.abandonedUntil = 0;
    this.#degraded.delete(destination);
  }

  /** What to do with one message more for a destination in trouble. */
  admit(destination: Destination, now: number): 'send' | 'wait' | 'one-try' | 'refused' | 'unconfirmed' {
    if (destination.abandonedUntil > now) return 'unconfirmed';
    if (destination.abandonedUntil > 0) this.restore(destination);
    if (destination.canSend && !destination.retryDue) return 'send';
    if (this.mayHold(destination)) return 'wait';
    if (destination.stalled) return 'unconfirmed';
    return destination.usesMain(now) ? 'one-try' : 'refused';
  }

  /** Whether one more request may wait for it. */
  mayHold(destination: Destination): boolean {
    if (destination.held >= this.#maxHeldByOne) return false;
    const own = this.#degraded.has(destination) ? destination.held : 0;
    return own + this.#heldByOthers(destination) < this.maxHeld;
  }

  /** Whether one of its messages may be tried again, as far as other destinations in trouble leave room. */
  mayRetry(destination: Destination): boolean {
    return this.#heldByOthers(destination) < this.maxHeld;
  }

  /** Takes out what waits for it beyond the bound, newest first; the oldest stays, to be tried again. */
  takeExcess(destination: Destination): Pending[] {
    const room = Math.min(this.#maxHeldByOne, this.maxHeld - this.#heldByOthers(destination));
    return destination.waiting.splice(Math.max(1, room - destination.inFlight));
  }

  /** It does not answer; takes out what waits for it beyond the bound, newest first. */
  stall(destination: Destination): Pending[] {
    if (destination.stalled) return [];
    destination.stalled = true;
    this.degrade(destination);
    return destination.waiting.splice(Math.max(0, this.#maxHeldByOne - destination.inFlight));
  }

  #heldByOthers(destination: Destination): number {
    let held = 0;
    for (const degraded of this.#degraded) if (degraded !== destination) held += degraded.held;
    return held;
  }

  #forgetIdle(): void {
    for (const [name, destination] of this.#byName) {
      if (destination.open === 0 && !destination.degraded) this.#byName.delete(name);
    }
  }
}
