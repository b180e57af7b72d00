import { Destination, isNamedByBroker, type Pending } from './pending.ts';

/** Maximum number of remembered destinations: outsiders choose their names. */
const MAX_KEPT = 4_096;
const MAX_DEGRADED = 256;
/**
 * Ticks for which a stalled queue may be one whose leader is being replaced: its node was lost, and
 * the others notice that after net_ticktime at the latest.
 */
const ELECTION = 20;

/** All destinations, with a bound on how many requests may wait for degraded ones. */
export class Destinations {
  readonly #byName = new Map<string, Destination>();
  /** The longest degraded first. */
  readonly #degraded = new Set<Destination>();
  /** Maximum number of requests that may wait for all degraded destinations together. */
  readonly maxHeld: number;
  readonly #maxHeldByOne: number;
  /** The same for those that have just stalled: the other half of the slots is left to others. */
  readonly #maxHeldAtFirst: number;
  readonly #isBlameless: () => boolean;
  readonly #now: () => number;

  /**
   * A quarter of `prefetch` may wait for degraded destinations, a sixteenth for each of them; half of
   * it for those that have just stalled. `isBlameless`: whether the broker itself is in trouble; there
   * is no bound then. `now`: the confirm watch's ticks that counted.
   */
  constructor(prefetch: number, isBlameless: () => boolean = () => false, now: () => number = () => 0) {
    this.#isBlameless = isBlameless;
    this.#now = now;
    this.#maxHeldAtFirst = Math.max(1, Math.floor(prefetch / 2));
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

  /** All remembered destinations: every one with unresolved messages, and others. */
  all(): Iterable<Destination> {
    return this.#byName.values();
  }

  /** A new main channel has served none of the destinations. */
  channelReplaced(): void {
    for (const destination of this.#byName.values()) {
      destination.servedByMain = isNamedByBroker(destination.name);
      if (!destination.stalled) continue;
      destination.stalled = false;
      if (!destination.degraded) this.restore(destination);
    }
  }

  /**
   * Marks it as degraded. Above the maximum, the longest degraded one without unresolved messages
   * is restored.
   */
  degrade(destination: Destination): void {
    this.#degraded.add(destination);
    if (this.#degraded.size <= MAX_DEGRADED) return;
    for (const other of this.#degraded) {
      if (other.open > 0) continue;
      this.restore(other);
      return;
    }
  }

  /** Whether a nacked message of any destination is retried. */
  get isRetrying(): boolean {
    return [...this.#degraded].some(({ nackState, open }) => nackState === 'retrying' && open > 0);
  }

  /** Sends nothing more to it until tick `until`. */
  abandon(destination: Destination, until: number): void {
    destination.stalled = false;
    destination.servedByMain = false;
    destination.confirmedAt = -Infinity;
    destination.abandonedUntil = until;
    this.degrade(destination);
  }

  /** Nothing unconfirmed is held against any destination: there was no majority to confirm it. */
  forgive(): void {
    for (const destination of this.#degraded) if (destination.abandonedUntil > 0) this.restore(destination);
  }

  /** Clears everything that degrades it. */
  restore(destination: Destination): void {
    clearTimeout(destination.retryTimer);
    destination.nackState = 'no';
    destination.nacksInRow = 0;
    destination.nackedSince = Infinity;
    destination.kept = false;
    destination.retried = undefined;
    destination.retryDue = false;
    destination.stalled = false;
    destination.abandonedUntil = 0;
    this.#degraded.delete(destination);
  }

  /** What to do with a new message for a degraded destination. `now` and `clock`: see ConfirmWatch. */
  admit(destination: Destination, now: number, clock: number): 'send' | 'wait' | 'one-try' | 'refused' | 'unconfirmed' {
    if (destination.abandonedUntil > now) return 'unconfirmed';
    if (destination.abandonedUntil > 0) this.restore(destination);
    if (destination.canSend && !destination.retryDue) return 'send';
    if (this.mayHold(destination)) return 'wait';
    if (destination.stalled) return 'unconfirmed';
    return destination.usesMain(clock) ? 'one-try' : 'refused';
  }

  /** Whether one more request may wait for it. */
  mayHold(destination: Destination): boolean {
    if (this.#isBlameless() || destination.kept) return true;
    if (this.#hasJustStalled(destination)) return this.#heldAtFirst() < this.#maxHeldAtFirst;
    if (destination.held >= this.#maxHeldByOne) return false;
    const own = this.#degraded.has(destination) ? destination.held : 0;
    return own + this.#heldByOthers(destination) < this.maxHeld;
  }

  /** Whether other degraded destinations leave room for a retry of one of its messages. */
  mayRetry(destination: Destination): boolean {
    return this.#isBlameless() || this.#heldByOthers(destination) < this.maxHeld;
  }

  /**
   * Removes and returns the newest waiting messages beyond the bound. The oldest stays, to be
   * retried.
   */
  takeExcess(destination: Destination): Pending[] {
    if (this.#isBlameless() || destination.kept) return [];
    const room = Math.min(this.#maxHeldByOne, this.maxHeld - this.#heldByOthers(destination));
    return destination.waiting.splice(Math.max(1, room - destination.inFlight));
  }

  /**
   * Marks it as stalled, in each tick. Removes and returns the newest waiting messages beyond the
   * bound. Nothing is removed while no queue is to blame.
   */
  stall(destination: Destination): Pending[] {
    if (!destination.stalled) {
      destination.stalled = true;
      destination.stalledSince = this.#now();
      this.degrade(destination);
    }
    if (this.#isBlameless()) return [];
    const excess = this.#hasJustStalled(destination)
      ? this.#heldAtFirst() - this.#maxHeldAtFirst
      : destination.held - this.#maxHeldByOne;
    return destination.waiting.splice(Math.max(0, destination.waiting.length - Math.max(0, excess)));
  }

  #hasJustStalled({ stalled, stalledSince }: Destination): boolean {
    return stalled && this.#now() - stalledSince < ELECTION;
  }

  /** Number of messages that wait for all destinations that have just stalled. */
  #heldAtFirst(): number {
    let held = 0;
    for (const degraded of this.#degraded) if (this.#hasJustStalled(degraded)) held += degraded.held;
    return held;
  }

  #heldByOthers(destination: Destination): number {
    let held = 0;
    for (const degraded of this.#degraded) {
      if (degraded !== destination && !degraded.kept && !this.#hasJustStalled(degraded)) held += degraded.held;
    }
    return held;
  }

  #forgetIdle(): void {
    for (const [name, destination] of this.#byName) {
      if (destination.open === 0 && !destination.degraded) this.#byName.delete(name);
    }
  }
}
