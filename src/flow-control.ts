/** Decides whether requests had better not be taken now: what is taken would only wait. */
export class FlowControl {
  readonly #onChange: (held: boolean, reason: string) => void;
  #waitingBatches = 0;
  #failingMethods = 0;
  #answersGoOut = true;
  #held = false;

  /** `onChange` is told when taking should stop and when it should go on. */
  constructor(onChange: (held: boolean, reason: string) => void) {
    this.#onChange = onChange;
  }

  /** So many batches more, or less, wait for the database. */
  waiting(change: 1 | -1): void {
    this.#waitingBatches += change;
    this.#judge();
  }

  /** So many methods more, or less, of which every request fails alike. */
  failing(change: 1 | -1): void {
    this.#failingMethods += change;
    this.#judge();
  }

  /** Whether answers can be sent. */
  open(answersGoOut: boolean): void {
    this.#answersGoOut = answersGoOut;
    this.#judge();
  }

  /** Whether requests are held back now, by reason. */
  reasons(): Readonly<Record<'database' | 'writes' | 'answers', boolean>> {
    return { database: this.#waitingBatches > 0, writes: this.#failingMethods > 0, answers: !this.#answersGoOut };
  }

  #judge(): void {
    const cause = this.#cause();
    const held = cause !== undefined;
    if (held === this.#held) return;
    this.#held = held;
    this.#onChange(held, cause ?? 'nothing is in the way any more');
  }

  #cause(): string | undefined {
    if (!this.#answersGoOut) return 'answers cannot be sent';
    if (this.#waitingBatches > 0) return 'the database is away';
    return this.#failingMethods > 0 ? 'every write of a method fails alike' : undefined;
  }
}
