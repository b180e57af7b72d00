import type { ChannelModel } from 'amqplib';

import { isNotFound } from '../connection/broker-errors.ts';
import { openConnection, type Connection, type ConnectionSettings } from '../connection/connection.ts';
import { declareTopology, TopologyMismatchError } from '../connection/topology.ts';
import { requestQueuesOf, rosterOf, type RequestQueue, type RequestQueues } from '../../protocol/request-queues.ts';
import { within } from '../../time/limit.ts';

/** What is known of one queue. */
interface QueueState {
  readonly messages: number;
  readonly consumers: number;
}

/** Connects to the first broker that can be reached. Rejects with the reason of the last one. */
export async function inspectBroker(settings: ConnectionSettings): Promise<BrokerInspection> {
  let failure: unknown = new Error('no broker URL is set');
  for (const attempt of settings.urls.keys()) {
    try {
      const connection = await openConnection(settings, 'contacts inspection', attempt, () => undefined);
      return new BrokerInspection(connection, settings.timeoutMs);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/** One connection to the broker, to look at queues. */
export class BrokerInspection {
  readonly #connection: Connection;
  readonly #timeoutMs: number;

  constructor(connection: Connection, timeoutMs: number) {
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Returns `undefined` where the queue does not exist. Rejects where the broker refuses to say.
   */
  async queue(name: string): Promise<QueueState | undefined> {
    // A refusal closes the channel: each look has its own.
    const channel = await this.#connection.channel((model) => model.createChannel());
    channel.on('error', () => undefined);
    try {
      const { messageCount, consumerCount } = await this.#limited(channel.checkQueue(name));
      await this.#limited(channel.close());
      return { messages: messageCount, consumers: consumerCount };
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /**
   * Returns all messages of the request queues, and the number of workers that consume them, 0 where
   * nobody consumes one of them; `undefined` where a queue does not exist.
   */
  async requests(queues: RequestQueues): Promise<QueueState | undefined> {
    let messages = 0;
    let consumers = Infinity;
    for (const { queue } of requestQueuesOf(queues)) {
      const state = await this.queue(queue);
      if (state === undefined) return undefined;
      messages += state.messages;
      consumers = Math.min(consumers, state.consumers);
    }
    // The broker counts only the active consumer of each of several.
    const roster = queues.count === 1 ? undefined : await this.queue(rosterOf(queues.name));
    return { messages, consumers: consumers === 0 ? 0 : (roster?.consumers ?? consumers) };
  }

  /**
   * Returns what is different about the queues, in words; `undefined` where they are as the worker
   * declares them. Both must exist: a missing one would be declared. Needs the right to configure
   * them.
   */
  async difference(requestQueue: RequestQueue): Promise<string | undefined> {
    let model: ChannelModel | undefined;
    const channel = await this.#connection.channel((opened) => {
      model = opened;
      return opened.createChannel();
    });
    await channel.close();
    try {
      await this.#limited(declareTopology(model as ChannelModel, requestQueue));
      return undefined;
    } catch (error) {
      if (error instanceof TopologyMismatchError) return error.message;
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  #limited<T>(call: Promise<T>): Promise<T> {
    return this.#connection.orDisconnected(within(this.#timeoutMs, 'looking at a queue', call));
  }
}
