/** Requests wait and none comes, or those that were taken do not end; nothing that the worker tried has helped. */
export class ConsumerStuckError extends Error {
  override readonly name = 'ConsumerStuckError';
}

/** What is seen of the queue and of ourselves at one look. */
export interface Look {
  /** Requests that wait in the queue. */
  readonly waiting: number;
  /** Whether the broker may hand out one more to us. */
  readonly hasRoom: boolean;
  /** Deliveries that are not settled. */
  readonly held: number;
  /** Nothing is to be taken now: the intake is held for a known reason, or the worker is stopping. */
  readonly excused: boolean;
}

/** What is to be done about it. `exit` where nothing has helped for the time that the settings give. */
export type Remedy = 'none' | 'new channel' | 'new connection' | 'exit';

/** Requests wait and the broker hands out none, in milliseconds: far above what a busy broker needs. */
const DEAF_AFTER_MS = 10_000;
/** All that may be taken is taken and none of it ends: above the time limits of calls to database and broker. */
const HUNG_AFTER_MS = 60_000;

/**
 * Compares what waits with what comes and ends. Time counts only while it is watched, so that neither an outage, in
 * which nobody can look, nor a process that was asleep looks like a standstill.
 */
export class Progress {
  readonly #exitAfterMs: number;
  #moved = false;
  #standstillMs = 0;
  #hung = false;
  #remedies = 0;

  /** `exitAfterMs`: 0 = never. */
  constructor(exitAfterMs: number) {
    this.#exitAfterMs = exitAfterMs;
  }

  /** A request was delivered or settled. */
  moved(): void {
    this.#moved = true;
    if (this.#standstillMs > 0) this.#goesOn();
  }

  /** Whether requests wait in vain, as far as is known. */
  get standstill(): boolean {
    return this.#standstillMs >= this.#patienceMs;
  }

  /** Judges one look, `sinceMs` after the last one. */
  judge({ waiting, hasRoom, held, excused }: Look, sinceMs: number): Remedy {
    const deaf = hasRoom && waiting > 0;
    const hung = !hasRoom && held > 0;
    const standing = !this.#moved && !excused && (deaf || hung);
    this.#moved = false;
    if (!standing) {
      this.#goesOn();
      return 'none';
    }
    this.#standstillMs += sinceMs;
    this.#hung = hung;
    if (this.#exitAfterMs > 0 && this.#standstillMs >= this.#exitAfterMs) return 'exit';
    // Another channel does not end what hangs here; it would bring the same requests once more.
    if (hung || this.#standstillMs < this.#patienceMs * (this.#remedies + 1)) return 'none';
    this.#remedies += 1;
    return this.#remedies === 1 ? 'new channel' : 'new connection';
  }

  get #patienceMs(): number {
    const patience = this.#hung ? HUNG_AFTER_MS : DEAF_AFTER_MS;
    // So that there is time for both remedies before the end.
    return this.#exitAfterMs > 0 ? Math.min(patience, this.#exitAfterMs / 4) : patience;
  }

  #goesOn(): void {
    this.#standstillMs = 0;
    this.#remedies = 0;
    this.#hung = false;
  }
}
