/** Runs one holder at a time, in order of arrival. */
export class SerialQueue {
  #last: Promise<void> | undefined;

  /**
   * Resolves when all turns before have ended, with the function that ends this turn. It takes its
   * place at once.
   */
  async enter(): Promise<() => void> {
    const before = this.#last;
    let leave: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (leave = resolve));
    this.#last = ended;
    void ended.then(() => {
      if (this.#last === ended) this.#last = undefined;
    });
    await before;
    return leave;
  }

  /** Resolves when all turns taken so far have ended; `undefined` where there is none. */
  idle(): Promise<void> | undefined {
    return this.#last;
  }
}
