import type { Call } from './call.ts';

/** Most calls of each kind. */
interface CallLimits {
  readonly maxInFlight: number;
  readonly maxWaiting: number;
}

/**
 * All calls that have not ended. At most `maxInFlight` are in flight; the others wait in order of
 * arrival. A call that ends makes room for the next.
 */
export class Calls {
  readonly #limits: CallLimits;
  readonly #start: (call: Call) => void;
  readonly #inFlight = new Map<string, Call>();
  readonly #waiting = new Set<Call>();
  /** Kept, as each new iterator of a set passes over all that was deleted at its front. */
  #next = this.#waiting.values();

  /** `start` sends a call; called once for each. */
  constructor(limits: CallLimits, start: (call: Call) => void) {
    this.#limits = limits;
    this.#start = start;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Calls in flight, in the order in which they started. */
  get inFlight(): ReadonlyMap<string, Call> {
    return this.#inFlight;
  }

  /** Whether another call may be added. */
  get hasRoom(): boolean {
    return this.#inFlight.size < this.#limits.maxInFlight || this.#waiting.size < this.#limits.maxWaiting;
  }

  add(call: Call): void {
    if (this.#inFlight.size < this.#limits.maxInFlight && this.#waiting.size === 0) this.#begin(call);
    else this.#waiting.add(call);
  }

  /** Forgets a call that has ended, and starts others in its place. */
  remove(call: Call): void {
    if (this.#waiting.delete(call)) return;
    this.#inFlight.delete(call.request.id);
    while (this.#waiting.size > 0 && this.#inFlight.size < this.#limits.maxInFlight) {
      const next = this.#shift();
      if (next !== undefined) this.#begin(next);
    }
  }

  /** Takes out all calls. None is started any more. */
  clear(): Call[] {
    const all = [...this.#inFlight.values(), ...this.#waiting];
    this.#inFlight.clear();
    this.#waiting.clear();
    return all;
  }

  #begin(call: Call): void {
    this.#inFlight.set(call.request.id, call);
    this.#start(call);
  }

  #shift(): Call | undefined {
    let next = this.#next.next();
    if (next.done === true) {
      this.#next = this.#waiting.values();
      next = this.#next.next();
    }
    if (next.done === true) return undefined;
    this.#waiting.delete(next.value);
    return next.value;
  }
}
