import { randomBytes } from 'node:crypto';

import { TimeoutError } from '../../time/limit.ts';
import { ConnectionError, isAccessRefused, isInternalError } from './broker-errors.ts';
import { openConnection, type ConnectionSettings } from './connection.ts';

/** The broker removes the queue by itself where the connection's end does not. */
const EXPIRES_MS = 60_000;

/** `unknown`: the node cannot be asked. */
export type Majority = 'present' | 'missing' | 'unknown';

/** How the names of exclusive queues begin that a worker declares to find out about the majority. */
export function majorityQueuesOf(requestQueue: string): string {
  return `${requestQueue}.majority`;
}

/**
 * Asks a broker's node whether its cluster has a majority: the node declares an exclusive queue,
 * which only a majority can decide (RabbitMQ 4.2 and later, whose metadata store is Khepri; a node
 * alone answers at once). Without a majority, connections, channels and passive declarations work
 * as usual, unroutable messages are confirmed, and quorum queues confirm nothing.
 */
export class MajorityProbe {
  readonly #settings: ConnectionSettings;
  readonly #queuePrefix: string;
  #permitted = true;

  /** `queuePrefix`: how the queue's name begins. The user needs the right to configure it. */
  constructor(settings: ConnectionSettings, queuePrefix: string) {
    this.#settings = settings;
    this.#queuePrefix = queuePrefix;
  }

  /**
   * Resolves with `missing` only where the node leaves the declaration unanswered. Any other failure
   * says nothing about a majority: outsiders can use up connections and queues. A user without the
   * right is asked for once. Never rejects.
   */
  async ask(url: string): Promise<Majority> {
    if (!this.#permitted) return 'unknown';
    try {
      await this.#declare(url);
      return 'present';
    } catch (error) {
      if (isAccessRefused(error) && !(error instanceof ConnectionError)) this.#permitted = false;
      const isSilent = error instanceof TimeoutError || (error instanceof Error && isInternalError(error.message));
      return isSilent ? 'missing' : 'unknown';
    }
  }

  async #declare(url: string): Promise<void> {
    // Its own connection: after 30 s without a majority the broker closes the connection.
    const settings = { ...this.#settings, urls: [url] };
    const connection = await openConnection(settings, 'contacts-worker majority', 0, () => undefined);
    try {
      const channel = await connection.channel((model) => model.createChannel());
      channel.on('error', () => undefined);
      const queue = `${this.#queuePrefix}.${randomBytes(6).toString('hex')}`;
      const options = { exclusive: true, durable: false, arguments: { 'x-expires': EXPIRES_MS } };
      await connection.call('declaring a queue', channel.assertQueue(queue, options));
      await connection.call('deleting a queue', channel.deleteQueue(queue));
    } finally {
      void connection.close();
    }
  }
}
