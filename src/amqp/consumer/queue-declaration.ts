import type { ChannelModel } from 'amqplib';

import type { RequestQueue } from '../../protocol/request-queues.ts';
import type { ConsumerEvents } from './consumer-events.ts';
import { declareTopology, TopologyMismatchError } from '../connection/topology.ts';

/** Declares the queues for each channel that consumes, and reports differences. */
export class QueueDeclaration {
  readonly #queue: RequestQueue;
  readonly #declareExchange: ((model: ChannelModel) => Promise<void>) | undefined;
  readonly #events: Pick<ConsumerEvents, 'outdated' | 'mismatched'>;
  #reportedOutdated = false;
  /** Whether the queues matched their declarations once. */
  #matchedBefore = false;

  /** `declareExchange`: called before each declaration. */
  constructor(
    queue: RequestQueue,
    declareExchange: ((model: ChannelModel) => Promise<void>) | undefined,
    events: Pick<ConsumerEvents, 'outdated' | 'mismatched'>,
  ) {
    this.#queue = queue;
    this.#declareExchange = declareExchange;
    this.#events = events;
  }

  /**
   * Rejects with `TopologyMismatchError` where a queue has other arguments, unless both matched
   * before.
   */
  async declare(model: ChannelModel): Promise<void> {
    try {
      await this.#declareExchange?.(model);
      const { outdated } = await declareTopology(model, this.#queue);
      if (outdated && !this.#reportedOutdated) this.#events.outdated(this.#queue.queue);
      this.#reportedOutdated = outdated;
      this.#matchedBefore = true;
    } catch (error) {
      // The queue was recreated while the worker consumed: that must not stop all workers. The next
      // start fails.
      if (!this.#matchedBefore || !(error instanceof TopologyMismatchError)) throw error;
      this.#events.mismatched(error);
    }
  }
}
