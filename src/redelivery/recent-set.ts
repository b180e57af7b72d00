/** The texts that were added last: `most` at least, twice as many at most. */
export class RecentSet {
  readonly #most: number;
  #newer = new Set<string>();
  #older = new Set<string>();

  constructor(most: number) {
    this.#most = most;
  }

  has(text: string): boolean {
    return this.#newer.has(text) || this.#older.has(text);
  }

  /** Adding again makes a text the newest. */
  add(text: string): void {
    if (this.#newer.size >= this.#most) {
      // Many are forgotten at once: to look for the oldest in a set from which many have gone takes as many steps.
      this.#older = this.#newer;
      this.#newer = new Set();
    }
    this.#newer.add(text);
  }

  delete(text: string): void {
    this.#newer.delete(text);
    this.#older.delete(text);
  }
}
