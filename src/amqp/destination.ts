import type { Pending } from './pending.ts';

/** RabbitMQ's quorum_commands_soft_limit is 32. */
const MOST_UNANSWERED = 30;

/** What the publisher knows of one routing key while something is on its way there, or something is wrong there. */
export class Destination {
  readonly name: string;
  /** The main lane has brought something there. */
  known: boolean;
  /** Tick at which it last took a message from a side lane. */
  takenAt = -Infinity;
  /** Messages without an outcome. */
  open = 0;
  /** Sent and not answered. */
  onWire = 0;
  /** To be sent later, in order. */
  readonly waiting: Pending[] = [];
  /** Tick of the broker's last answer. */
  answeredAt = 0;
  /** It refuses: one message is tried again and again (`retrying`), or each gets one try only (`given-up`). */
  refusing: 'no' | 'retrying' | 'given-up' = 'no';
  /** Refusals in a row. */
  refusals = 0;
  /** The one that is tried again, while it is on the wire. */
  retried: Pending | undefined;
  retryTimer: NodeJS.Timeout | undefined;
  /** It is time to send the first that waits. */
  retryDue = false;
  /** Others were sent later and are taken, its own are not. */
  silent = false;
  /** A message for it was given up unconfirmed: nothing is sent there until this tick, or until it answers after all. */
  deadUntil = 0;

  constructor(name: string) {
    this.name = name;
    this.known = isNamedByBroker(name);
  }

  get troubled(): boolean {
    return this.refusing !== 'no' || this.silent || this.deadUntil > 0;
  }

  /**
   * Whether it may be served by the main lane. The first message that a channel brings to a quorum queue without majority
   * stops that channel at the broker for a minute, so that it has to be one on a side lane; but where the queue has just
   * taken one, it has its majority.
   */
  met(now: number): boolean {
    return this.known || now - this.takenAt <= 1;
  }

  /** More is on the wire than a dead quorum queue can have without the broker stopping the connection, and none is answered. */
  crowded(now: number): boolean {
    return this.onWire >= MOST_UNANSWERED && now - this.answeredAt > 1;
  }

  /** Whether its trouble allows the next message. */
  get maySend(): boolean {
    return !this.silent && (this.refusing !== 'retrying' || this.retryDue);
  }

  /** Requests that wait for it. */
  get held(): number {
    return this.waiting.length + (this.silent ? this.onWire : 0);
  }
}

/** Direct reply-to and server-named queues, never quorum queues. Nobody else may declare such a name. */
function isNamedByBroker(name: string): boolean {
  return name.startsWith('amq.');
}

/** Destinations that are remembered: their names are chosen by outsiders. */
const MOST_KEPT = 4_096;
const MOST_TROUBLED = 256;

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
      if (this.#byName.size >= MOST_KEPT) this.#forgetIdle();
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
    if (this.#troubled.size <= MOST_TROUBLED) return;
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
    let held = 0;
    for (const troubled of this.#troubled) held += troubled.held;
    return held < this.mostHeld;
  }

  /** It does not answer; takes out what waits for it beyond the bound, newest first. */
  silence(destination: Destination): Pending[] {
    if (destination.silent) return [];
    destination.silent = true;
    this.trouble(destination);
    return destination.waiting.splice(Math.max(0, this.#mostHeldByOne - destination.onWire));
  }

  #forgetIdle(): void {
    for (const [name, destination] of this.#byName) {
      if (destination.open === 0 && !destination.troubled) this.#byName.delete(name);
    }
  }
}
