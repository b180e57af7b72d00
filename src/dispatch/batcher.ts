import type { Execution } from '../protocol/execution.ts';
import type { Work } from '../protocol/method.ts';

interface Entry<Command> {
  readonly work: Work<Command>;
  readonly resolve: (execution: Execution) => void;
}

/** How a batcher groups and sends. */
export interface BatcherSettings<Command> {
  /** Batches at the database at the same time. */
  readonly slots: number;
  /** What the commands of a batch may weigh together; a heavier one is alone. */
  readonly maxBatch: number;
  /** 1 for each where absent. */
  readonly weigh?: (command: Command) => number;
}

/**
 * Tells the execution of each work of a batch, by its place, once; resolves when the batch needs its slot no longer, which may be
 * before some are told. Never rejects.
 */
type ExecuteBatch<Command> = (
  batch: readonly Work<Command>[],
  told: (at: number, execution: Execution) => void,
) => Promise<void>;

/**
 * Group commit: while one batch is at the database the next gathers, and it leaves as soon as a slot is free. There is
 * no timer and no minimum size, so a lone command never waits.
 */
export class Batcher<Command> {
  readonly #settings: BatcherSettings<Command>;
  readonly #run: ExecuteBatch<Command>;
  #waiting: Entry<Command>[] = [];
  #free: number;
  #leaving = false;

  constructor(settings: BatcherSettings<Command>, run: ExecuteBatch<Command>) {
    this.#settings = settings;
    this.#run = run;
    this.#free = settings.slots;
  }

  /** Never rejects. */
  submit(work: Work<Command>): Promise<Execution> {
    return new Promise((resolve) => {
      this.#waiting.push({ work, resolve });
      this.#leaveSoon();
    });
  }

  /** After the present burst of deliveries, so that those of one network read leave together. */
  #leaveSoon(): void {
    if (this.#leaving || this.#free === 0) return;
    this.#leaving = true;
    queueMicrotask(() => {
      this.#leaving = false;
      while (this.#free > 0 && this.#waiting.length > 0) void this.#leave();
    });
  }

  async #leave(): Promise<void> {
    const batch = this.#waiting.splice(0, this.#ready());
    this.#free -= 1;
    await this.#run(
      batch.map(({ work }) => work),
      (at, execution) => batch[at]?.resolve(execution),
    );
    this.#free += 1;
    this.#leaveSoon();
  }

  /** How many of those that wait make the next batch. */
  #ready(): number {
    const { maxBatch, weigh } = this.#settings;
    if (weigh === undefined) return maxBatch;
    let weight = 0;
    const tooMany = this.#waiting.findIndex(({ work }) => (weight += weigh(work.command)) > maxBatch);
    return tooMany < 0 ? this.#waiting.length : Math.max(1, tooMany);
  }
}
