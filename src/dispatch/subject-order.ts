/**
 * Runs one command per subject at a time, in order of arrival; commands on other subjects run
 * beside it. Holds nothing for a subject without commands.
 */
export class SubjectOrder {
  readonly #waiting = new Map<string, (() => void)[]>();

  /**
   * Resolves when it is the caller's turn; `undefined` where that is now, so that no turn of the
   * event loop is lost.
   */
  enter(subject: string): Promise<void> | undefined {
    const queue = this.#waiting.get(subject);
    if (queue === undefined) {
      this.#waiting.set(subject, []);
      return undefined;
    }
    return new Promise((resolve) => queue.push(resolve));
  }

  /** Ends the turn of a caller that entered. */
  leave(subject: string): void {
    const next = this.#waiting.get(subject)?.shift();
    if (next === undefined) this.#waiting.delete(subject);
    else next();
  }

  /** Subjects with a command that runs or waits. */
  get size(): number {
    return this.#waiting.size;
  }
}
