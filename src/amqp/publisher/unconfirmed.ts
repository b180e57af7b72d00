import type { Pending } from './pending.ts';

/**
 * The messages that are sent on a channel and unanswered, oldest first: a list whose links are in the
 * messages. As a map it kept every message until the next full collection, with all that belonged to
 * its request: V8 keeps the entries of the tables that a map has outgrown, and each table the next.
 */
export class Unconfirmed {
  #oldest: Pending | undefined;
  #newest: Pending | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get oldest(): Pending | undefined {
    return this.#oldest;
  }

  /** The caller may remove the message that it got last. */
  *[Symbol.iterator](): Iterator<Pending> {
    let pending = this.#oldest;
    while (pending !== undefined) {
      const { next }: Pending = pending;
      yield pending;
      pending = pending.list === this ? pending.next : next;
    }
  }

  /** Adds the newest message, which must not be in any list. */
  add(pending: Pending): void {
    pending.list = this;
    pending.previous = this.#newest;
    if (this.#newest === undefined) this.#oldest = pending;
    else this.#newest.next = pending;
    this.#newest = pending;
    this.#size += 1;
  }

  /** Returns whether it was in this list. */
  remove(pending: Pending): boolean {
    if (pending.list !== this) return false;
    const { previous, next } = pending;
    if (previous === undefined) this.#oldest = next;
    else previous.next = next;
    if (next === undefined) this.#newest = previous;
    else next.previous = previous;
    pending.list = undefined;
    pending.previous = undefined;
    pending.next = undefined;
    this.#size -= 1;
    return true;
  }

  /** The message with this id. The broker returns messages in order: it is among the oldest. */
  find(id: string): Pending | undefined {
    for (const pending of this) if (pending.id === id) return pending;
    return undefined;
  }

  /** Removes and returns all of them. */
  take(): Pending[] {
    const taken = [...this];
    for (const pending of taken) this.remove(pending);
    return taken;
  }
}
