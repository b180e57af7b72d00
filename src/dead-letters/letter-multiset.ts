import type { DeadLetter } from '../protocol/dead-letter.ts';

/**
 * A multiset of letters by identity. Holds a short text and a count for each identity, no letter.
 */
export class LetterMultiset {
  readonly #counts = new Map<string, number>();

  add({ identity }: DeadLetter): void {
    this.#counts.set(identity, (this.#counts.get(identity) ?? 0) + 1);
  }

  /** Removes one letter of this identity; returns whether there was one. */
  remove({ identity }: DeadLetter): boolean {
    const count = this.#counts.get(identity);
    if (count === undefined) return false;
    if (count === 1) this.#counts.delete(identity);
    else this.#counts.set(identity, count - 1);
    return true;
  }
}
