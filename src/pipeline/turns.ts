/** Milliseconds of each turn of the event loop for tasks that wait for theirs. At least one runs. */
const TURN_MS = 1;
/**
 * After a turn the tasks pause for this many times its duration. What follows a task takes about as
 * long as the task, so that others have 3/4 of the time.
 */
const PAUSE_FACTOR = 6;
const MAX_PAUSE_MS = 50;

/**
 * Runs tasks one after another, in later turns of the event loop, so that other work does not wait
 * for all of them: a turn runs tasks for one millisecond, at least one, and then pauses. Where more
 * than `maxPatient` tasks wait, what is behind them in the queue waits as well: a pause ends, and
 * turns follow each other at once.
 */
export class Turns {
  readonly #maxPatient: number;
  #waiting: (() => void)[] = [];
  /** The pause until the next turn. */
  #pause: NodeJS.Timeout | undefined;

  constructor(maxPatient: number) {
    this.#maxPatient = maxPatient;
  }

  /** Resolves or rejects as the task does. */
  run<Value>(task: () => Value): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => {
        try {
          resolve(task());
        } catch (error) {
          reject(error instanceof Error ? error : new Error('a task failed'));
        }
      });
      if (this.#waiting.length === 1) setImmediate(() => this.#turn());
      else if (this.#waiting.length > this.#maxPatient) this.#endPause();
    });
  }

  #endPause(): void {
    if (this.#pause === undefined) return;
    clearTimeout(this.#pause);
    this.#pause = undefined;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#pause = undefined;
    const start = performance.now();
    let done = 0;
    do this.#waiting[done++]?.();
    while (done < this.#waiting.length && performance.now() < start + TURN_MS);
    this.#waiting.splice(0, done);
    if (this.#waiting.length === 0) return;
    const pauseMs = Math.min(MAX_PAUSE_MS, (performance.now() - start) * PAUSE_FACTOR);
    if (this.#waiting.length > this.#maxPatient) setImmediate(() => this.#turn());
    else this.#pause = setTimeout(() => this.#turn(), pauseMs);
  }
}

/**
 * The turns of a worker's requests. Tasks are patient as long as they hold at most a quarter of what
 * one queue may have in flight, `prefetch` divided by `requestQueues`: all may be of that queue.
 */
export function turnsOf({ prefetch, requestQueues }: { prefetch: number; requestQueues: number }): Turns {
  return new Turns(Math.floor(prefetch / requestQueues) / 4);
}
