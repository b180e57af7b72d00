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

  /** Adds the newest message. Throws where it is in a list, which would damage both. */
  add(pending: Pending): void {
    if (pending.list !== undefined) throw new Error('the message is in a list already');
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

  /** The message with this id. Takes up to 30 µs among 2,000: only returned messages are searched. */
  find(id: string): Pending | undefined {
    let pending = this.#oldest;
    while (pending !== undefined && pending.id !== id) pending = pending.next;
    return pending;
  }

  /** Removes and returns all of them. */
  take(): Pending[] {
    const taken = [...this];
    for (const pending of taken) this.remove(pending);
    return taken;
  }
}
