import { Destination, isNamedByBroker, type Pending } from './pending.ts';

/** Destinations that are remembered: their names are chosen by outsiders. */
const MAX_KEPT = 4_096;
const MAX_TROUBLED = 256;

/** All destinations, with a bound on how many requests may wait for troubled ones. */
export class Destinations {
  readonly #byName = new Map<string, Destination>();
  /** Oldest trouble first. */
  readonly #troubled = new Set<Destination>();
  /** Most requests that may wait for troubled destinations together. */
  readonly mostHeld: number;
  readonly #mostHeldByOne: number;

  /** A quarter of `prefetch` may wait for troubled destinations, and a sixteenth for one of them. */
  constructor(prefetch: number) {
    this.mostHeld = Math.max(1, Math.floor(prefetch / 4));
    this.#mostHeldByOne = Math.max(1, Math.floor(prefetch / 16));
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
  startAnew(): void {
    for (const destination of this.#byName.values()) {
      destination.known = isNamedByBroker(destination.name);
      if (!destination.silent) continue;
      destination.silent = false;
      if (!destination.troubled) this.relieve(destination);
    }
  }

  /** Marks as troubled; of too many the oldest idle one is forgotten. */
  trouble(destination: Destination): void {
    this.#troubled.add(destination);
    if (this.#troubled.size <= MAX_TROUBLED) return;
    for (const other of this.#troubled) {
      if (other.open > 0) continue;
      this.relieve(other);
      return;
    }
  }

  /** Nothing more is sent there until this tick. */
  bury(destination: Destination, until: number): void {
    destination.silent = false;
    destination.known = false;
    destination.takenAt = -Infinity;
    destination.deadUntil = until;
    this.trouble(destination);
  }

  /** Nothing is wrong there any more. */
  relieve(destination: Destination): void {
    clearTimeout(destination.retryTimer);
    destination.refusing = 'no';
    destination.refusals = 0;
    destination.retried = undefined;
    destination.retryDue = false;
    destination.silent = false;
    destination.deadUntil = 0;
    this.#troubled.delete(destination);
  }

  /** What to do with one message more for a destination in trouble. */
  admit(destination: Destination, now: number): 'send' | 'wait' | 'one-try' | 'refused' | 'unconfirmed' {
    if (destination.deadUntil > now) return 'unconfirmed';
    if (destination.deadUntil > 0) this.relieve(destination);
    if (destination.maySend && !destination.retryDue) return 'send';
    if (this.mayHold(destination)) return 'wait';
    if (destination.silent) return 'unconfirmed';
    return destination.met(now) ? 'one-try' : 'refused';
  }

  /** Whether one more request may wait for it. */
  mayHold(destination: Destination): boolean {
    if (destination.held >= this.#mostHeldByOne) return false;
    const own = this.#troubled.has(destination) ? destination.held : 0;
    return own + this.#heldByOthersThan(destination) < this.mostHeld;
  }

  /** Whether one of its messages may be tried again, as far as other destinations in trouble leave room. */
  mayRetry(destination: Destination): boolean {
    return this.#heldByOthersThan(destination) < this.mostHeld;
  }

  /** Takes out what waits for it beyond the bound, newest first; the oldest stays, to be tried again. */
  excess(destination: Destination): Pending[] {
    const room = Math.min(this.#mostHeldByOne, this.mostHeld - this.#heldByOthersThan(destination));
    return destination.waiting.splice(Math.max(1, room - destination.onWire));
  }

  /** It does not answer; takes out what waits for it beyond the bound, newest first. */
  silence(destination: Destination): Pending[] {
    if (destination.silent) return [];
    destination.silent = true;
    this.trouble(destination);
    return destination.waiting.splice(Math.max(0, this.#mostHeldByOne - destination.onWire));
  }

  #heldByOthersThan(destination: Destination): number {
    let held = 0;
    for (const troubled of this.#troubled) if (troubled !== destination) held += troubled.held;
    return held;
  }

  #forgetIdle(): void {
    for (const [name, destination] of this.#byName) {
      if (destination.open === 0 && !destination.troubled) this.#byName.delete(name);
    }
  }
}
