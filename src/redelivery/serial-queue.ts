/**
 * Runs what may end the process run and in order, and makes what came later wait for it: then a request that kills
 * its process takes nobody along, and requests keep their queue order although some are treated with caution.
 */
export class SerialQueue {
  #last: Promise<unknown> | undefined;

  /** Settles as `run` does, which starts when all cautious runs before it have ended. */
  run<T>(run: () => Promise<T>): Promise<T> {
    const before = this.#last ?? Promise.resolve();
    const result = before.then(run, run);
    const ended = result.then(
      () => undefined,
      () => undefined,
    );
    this.#last = ended;
    void ended.then(() => {
      if (this.#last === ended) this.#last = undefined;
    });
    return result;
  }

  /** Resolves when what is cautiously run or waits for it now has ended; `undefined` where there is nothing. */
  idle(): Promise<unknown> | undefined {
    return this.#last;
  }
}
