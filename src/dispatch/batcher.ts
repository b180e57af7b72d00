import type { Execution } from '../protocol/execution.ts';
import type { Work } from '../protocol/method.ts';

interface Entry<Command> {
  readonly work: Work<Command>;
  readonly resolve: (execution: Execution) => void;
}

/** How commands are batched. */
export interface BatcherSettings<Command> {
  /** Batches at the database at the same time. */
  readonly slots: number;
  /** Total weight of a batch; a heavier command is a batch of its own. */
  readonly maxBatch: number;
  /** 1 for each command where absent. */
  readonly weigh?: (command: Command) => number;
}

/**
 * Executes a batch. Reports the result of each item by its place in the batch, once. Resolves when
 * the batch no longer needs its slot, which may be before some results are reported. Never rejects.
 */
type ExecuteBatch<Command> = (
  batch: readonly Work<Command>[],
  report: (at: number, execution: Execution) => void,
) => Promise<void>;

/**
 * Group commit: while one batch is at the database the next one gathers, and it is sent as soon as
 * a slot is free. There is no timer and no minimum size, so a lone command never waits.
 */
export class Batcher<Command> {
  readonly #settings: BatcherSettings<Command>;
  readonly #execute: ExecuteBatch<Command>;
  #waiting: Entry<Command>[] = [];
  #free: number;
  #scheduled = false;

  constructor(settings: BatcherSettings<Command>, execute: ExecuteBatch<Command>) {
    this.#settings = settings;
    this.#execute = execute;
    this.#free = settings.slots;
  }

  /** Never rejects. */
  submit(work: Work<Command>): Promise<Execution> {
    return new Promise((resolve) => {
      this.#waiting.push({ work, resolve });
      this.#schedule();
    });
  }

  /**
   * Sends after the present burst of deliveries, so that those of one network read share a batch.
   */
  #schedule(): void {
    if (this.#scheduled || this.#free === 0) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      while (this.#free > 0 && this.#waiting.length > 0) void this.#send();
    });
  }

  async #send(): Promise<void> {
    const batch = this.#waiting.splice(0, this.#batchSize());
    this.#free -= 1;
    await this.#execute(
      batch.map(({ work }) => work),
      (at, execution) => batch[at]?.resolve(execution),
    );
    this.#free += 1;
    this.#schedule();
  }

  /** How many waiting commands make the next batch. */
  #batchSize(): number {
    const { maxBatch, weigh } = this.#settings;
    if (weigh === undefined) return maxBatch;
    let weight = 0;
    const tooMany = this.#waiting.findIndex(({ work }) => (weight += weigh(work.command)) > maxBatch);
    return tooMany < 0 ? this.#waiting.length : Math.max(1, tooMany);
  }
}
