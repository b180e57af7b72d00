import type { Execution } from '../protocol/execution.ts';
import type { Work } from '../protocol/method.ts';

interface Entry<Command> {
  readonly work: Work<Command>;
  readonly resolve: (execution: Execution) => void;
}

/** How a lane groups and sends. */
export interface LaneSettings {
  /** Batches at the database at the same time. */
  readonly slots: number;
  /** Commands in a batch at most. */
  readonly maxBatch: number;
}

/**
 * Group commit: while one batch is at the database the next gathers, and it leaves as soon as a slot is free. There is
 * no timer and no minimum size, so a lone command never waits.
 */
export class Lane<Command> {
  readonly #settings: LaneSettings;
  readonly #run: (batch: readonly Work<Command>[]) => Promise<readonly Execution[]>;
  #waiting: Entry<Command>[] = [];
  #free: number;
  #leaving = false;

  /** `run` gives execution `i` for work `i` and never rejects. */
  constructor(settings: LaneSettings, run: (batch: readonly Work<Command>[]) => Promise<readonly Execution[]>) {
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
    const batch = this.#waiting.splice(0, this.#settings.maxBatch);
    this.#free -= 1;
    const executions = await this.#run(batch.map(({ work }) => work));
    this.#free += 1;
    batch.forEach(({ resolve }, i) => resolve(executions[i] ?? { kind: 'abandoned' }));
    this.#leaveSoon();
  }
}
