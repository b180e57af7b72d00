const WINDOW_MS = 60_000;
const MAX_WRONG = 10;
const MAX_ADDRESSES = 1_000;

/** Counts wrong tokens by address. Too many in a minute close the door to further ones. */
export class WrongTokens {
  readonly #byAddress = new Map<string, { count: number; readonly until: number }>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Addresses that are remembered. */
  get size(): number {
    return this.#byAddress.size;
  }

  /** Seconds for which no token of this address is looked at; 0 where it may try. */
  waitSeconds(address: string): number {
    const known = this.#byAddress.get(address);
    if (known === undefined) return 0;
    if (known.until <= this.#now()) {
      this.#byAddress.delete(address);
      return 0;
    }
    return known.count < MAX_WRONG ? 0 : Math.ceil((known.until - this.#now()) / 1_000);
  }

  add(address: string): void {
    const known = this.#byAddress.get(address);
    if (known !== undefined && known.until > this.#now()) {
      known.count += 1;
      return;
    }
    if (this.#byAddress.size >= MAX_ADDRESSES) {
      const [oldest = ''] = this.#byAddress.keys();
      this.#byAddress.delete(oldest);
    }
    this.#byAddress.set(address, { count: 1, until: this.#now() + WINDOW_MS });
  }
}
