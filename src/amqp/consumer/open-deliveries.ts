import type { ConsumeMessage } from 'amqplib';

interface Open {
  message: ConsumeMessage | undefined;
  /** When it arrived: `performance.now()`. */
  readonly since: number;
}

/**
 * The deliveries of one channel that are not settled, oldest first, by their tags. A tag's entry lets
 * go of its message: V8 keeps the entries of the tables that a map has outgrown until the next full
 * collection.
 */
export class OpenDeliveries {
  readonly #byTag = new Map<number, Open>();

  get size(): number {
    return this.#byTag.size;
  }

  get oldestTag(): number | undefined {
    return this.#byTag.keys().next().value;
  }

  add(message: ConsumeMessage): void {
    this.#byTag.set(tagOf(message), { message, since: performance.now() });
  }

  has(message: ConsumeMessage): boolean {
    return this.#byTag.get(tagOf(message))?.message === message;
  }

  /** Removes it. Returns when it arrived; `undefined` where it is not here. */
  take(message: ConsumeMessage): number | undefined {
    const open = this.#byTag.get(tagOf(message));
    if (open?.message !== message) return undefined;
    open.message = undefined;
    this.#byTag.delete(tagOf(message));
    return open.since;
  }

  messages(): ConsumeMessage[] {
    return [...this.#byTag.values()].flatMap(({ message }) => message ?? []);
  }

  /** Whether a delivery other than `message` arrived after `limit`. */
  hasOtherSince(limit: number, message: ConsumeMessage | undefined): boolean {
    for (const open of this.#byTag.values()) if (open.message !== message && open.since > limit) return true;
    return false;
  }
}

export function tagOf(message: ConsumeMessage): number {
  return message.fields.deliveryTag;
}
