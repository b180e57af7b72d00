import type { DeadLetter } from '../protocol/dead-letter.ts';

/** Letters that were seen, told apart by what they are; of equal ones the number. Holds a short text for each, no letter. */
export class RememberedLetters {
  readonly #counts = new Map<string, number>();

  add({ identity }: DeadLetter): void {
    this.#counts.set(identity, (this.#counts.get(identity) ?? 0) + 1);
  }

  /** Whether one like this is left; it is forgotten then. */
  take({ identity }: DeadLetter): boolean {
    const count = this.#counts.get(identity);
    if (count === undefined) return false;
    if (count === 1) this.#counts.delete(identity);
    else this.#counts.set(identity, count - 1);
    return true;
  }
}
