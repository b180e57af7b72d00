/** The texts added last: at least `size` of them, fewer than twice as many. */
export class RecentSet {
  readonly #size: number;
  #newer = new Set<string>();
  #older = new Set<string>();

  constructor(size: number) {
    this.#size = size;
  }

  has(text: string): boolean {
    return this.#newer.has(text) || this.#older.has(text);
  }

  /** Adding again makes a text the newest. */
  add(text: string): void {
    if (this.#newer.size >= this.#size) {
      // Forgets many at once: finding the oldest entry of a set takes as many steps as were deleted
      // before it.
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
