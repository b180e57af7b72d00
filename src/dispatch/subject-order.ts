/**
 * Lets one command per subject run at a time, in the order of arrival, while other subjects go on beside it.
 * Holds nothing for a subject that nobody works on.
 */
export class SubjectOrder {
  readonly #waiting = new Map<string, (() => void)[]>();

  /** Resolves when it is this caller's turn; `undefined` where that is now, so that no turn of the event loop is lost. */
  enter(subject: string): Promise<void> | undefined {
    const queue = this.#waiting.get(subject);
    if (queue === undefined) {
      this.#waiting.set(subject, []);
      return undefined;
    }
    return new Promise((resolve) => queue.push(resolve));
  }

  /** Ends the turn of the caller that entered. */
  leave(subject: string): void {
    const next = this.#waiting.get(subject)?.shift();
    if (next === undefined) this.#waiting.delete(subject);
    else next();
  }

  /** Subjects that are worked on or waited for. */
  get size(): number {
    return this.#waiting.size;
  }
}
