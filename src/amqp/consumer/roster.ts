import type { Channel } from 'amqplib';

/**
 * The worker's place among the workers: one consumer of a queue without messages, whose consumers
 * every worker counts. Any channel of the worker may keep it, so that the trouble of one queue does
 * not remove the worker from the count.
 */
export class Roster {
  /** The queue's name. */
  readonly queue: string;
  #keeper: Channel | undefined;

  constructor(queue: string) {
    this.queue = queue;
  }

  /** Consumes on `channel` unless another open channel of the worker does. Rejects where that fails. */
  async join(channel: Channel): Promise<void> {
    if (this.#keeper !== undefined) return;
    this.#keeper = channel;
    channel.once('close', () => this.#leave(channel));
    try {
      await channel.consume(this.queue, () => undefined, { noAck: true });
    } catch (error) {
      this.#leave(channel);
      throw error;
    }
  }

  #leave(channel: Channel): void {
    if (this.#keeper === channel) this.#keeper = undefined;
  }
}
