import { isIPv6 } from 'node:net';

const WINDOW_MS = 60_000;
const MAX_WRONG = 10;
const MAX_ADDRESSES = 1_000;

/** What to do about one more wrong token. */
export interface WrongToken {
  /** Wrong tokens of this address in its present minute, this one included. */
  readonly count: number;
  /** Seconds until the minute ends; 0 where there were not too many. */
  readonly waitSeconds: number;
  /** Whether the audit log gets a line: the first ten of a minute, then the hundredth and so on. */
  readonly isRecorded: boolean;
}

/**
 * Counts wrong tokens by address, for a minute. The right token never gets here: whoever shares an
 * address with a guesser, behind a proxy, is not locked out. What makes guessing infeasible is the
 * token: see `isGuessable`.
 */
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

  add(address: string): WrongToken {
    const known = this.#known(networkOf(address));
    known.count += 1;
    const { count, until } = known;
    return {
      count,
      waitSeconds: count <= MAX_WRONG ? 0 : Math.ceil((until - this.#now()) / 1_000),
      isRecorded: count <= MAX_WRONG || Number.isInteger(Math.log10(count)),
    };
  }

  #known(network: string): { count: number; readonly until: number } {
    const known = this.#byAddress.get(network);
    if (known !== undefined && known.until > this.#now()) return known;
    this.#byAddress.delete(network);
    if (this.#byAddress.size >= MAX_ADDRESSES) {
      const [oldest = ''] = this.#byAddress.keys();
      this.#byAddress.delete(oldest);
    }
    const begun = { count: 0, until: this.#now() + WINDOW_MS };
    this.#byAddress.set(network, begun);
    return begun;
  }
}

/** One machine may have all addresses of an IPv6 network of 64 bits. */
function networkOf(address: string): string {
  if (!isIPv6(address) || address.includes('.')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - groups.length - rest.length }, () => '0');
  return [...groups, ...zeros, ...rest].slice(0, 4).join(':');
}
