/** Decides whether requests had better not be taken now: what is taken would only wait. */
export class Intake {
  readonly #onChange: (held: boolean, reason: string) => void;
  #waitingBatches = 0;
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

  /** Whether answers can be sent. */
  open(answersGoOut: boolean): void {
    this.#answersGoOut = answersGoOut;
    this.#judge();
  }

  /** Whether requests are held back now, by reason. */
  reasons(): Readonly<Record<'database' | 'answers', boolean>> {
    return { database: this.#waitingBatches > 0, answers: !this.#answersGoOut };
  }

  #judge(): void {
    const held = this.#waitingBatches > 0 || !this.#answersGoOut;
    if (held === this.#held) return;
    this.#held = held;
    const cause = this.#answersGoOut ? 'the database is away' : 'answers cannot be sent';
    this.#onChange(held, held ? cause : 'broker and database can be used again');
  }
}
