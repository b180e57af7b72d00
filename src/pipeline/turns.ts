/** Milliseconds of each turn of the event loop for tasks that wait for theirs. At least one runs. */
const TURN_MS = 1;

/**
 * Runs tasks one after another, in later turns of the event loop, so that other work does not wait
 * for all of them: each turn serves the network first and then runs tasks for one millisecond, at
 * least one. Where nothing else is to do, turns follow each other at once.
 */
export class Turns {
  #waiting: (() => void)[] = [];

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
    });
  }

  #turn(): void {
    const end = performance.now() + TURN_MS;
    let done = 0;
    do this.#waiting[done++]?.();
    while (done < this.#waiting.length && performance.now() < end);
    this.#waiting.splice(0, done);
    if (this.#waiting.length > 0) setImmediate(() => this.#turn());
  }
}
