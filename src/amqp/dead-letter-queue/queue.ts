import type { Replies } from 'amqplib';

import {
  UndeliverableLetterError,
  type DeadLetterQueue,
  type LetterVisitor,
  type Visited,
} from '../../protocol/dead-letter.ts';
import { within } from '../../time/limit.ts';
import { isInternalError } from '../connection/broker-errors.ts';
import { openConnection, type Connection, type ConnectionSettings } from '../connection/connection.ts';
import { pollUntil } from './page.ts';
import { UndeliverableSweep } from './sweep.ts';
import { DeadLetterVisit } from './visit.ts';
import { deadLetterQueueOf } from '../connection/topology.ts';

const REASON_MS = 1_000;
const POLL_MS = 20;

/** Opens the dead-letter queue of `requestQueue` at the first of the brokers that can be reached. */
export async function openDeadLetters(settings: ConnectionSettings, requestQueue: string): Promise<DeadLetterQueue> {
  const letters = new AmqpDeadLetterQueue(settings, requestQueue);
  await letters.open();
  return letters;
}

class AmqpDeadLetterQueue implements DeadLetterQueue {
  readonly #settings: ConnectionSettings;
  readonly #requestQueue: string;
  #connection: Connection | undefined;
  #url = '';
  /** A letter closed the connection: such letters are taken out of the way from now on. */
  #sweeping = false;
  /** Consumers that are not ours, as the last visit found them. */
  #otherConsumers = 0;

  constructor(settings: ConnectionSettings, requestQueue: string) {
    this.#settings = settings;
    this.#requestQueue = requestQueue;
  }

  async open(): Promise<Connection> {
    let failure: unknown = new Error('no broker URL is set');
    for (const [attempt, url] of this.#settings.urls.entries()) {
      try {
        this.#connection = await openConnection(this.#settings, 'contacts dead-letters', attempt, () => undefined);
        this.#url = url;
        return this.#connection;
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  async visit(visitor: LetterVisitor): Promise<Visited> {
    const connection = this.#connection ?? (await this.open());
    try {
      return await (this.#sweeping ? this.#visitAfterSweep(connection, visitor) : this.#visit(connection, visitor, 0));
    } catch (error) {
      if (!isInternalError(await closeTextOf(connection))) throw error;
      const tried = this.#sweeping;
      this.#sweeping = true;
      this.#connection = undefined;
      await connection.close();
      throw new UndeliverableLetterError(tried ? SWEEP_FAILED : UNDELIVERABLE, { cause: error });
    }
  }

  async close(): Promise<void> {
    await this.#connection?.close();
  }

  #visit(connection: Connection, visitor: LetterVisitor, ownReaders: number): Promise<Visited> {
    const onState = ({ consumerCount }: Replies.AssertQueue): void =>
      void (this.#otherConsumers = consumerCount - ownReaders);
    return new DeadLetterVisit(connection, this.#requestQueue, visitor, onState).run(ownReaders);
  }

  async #visitAfterSweep(connection: Connection, visitor: LetterVisitor): Promise<Visited> {
    const channel = await connection.channel((model) => model.createChannel());
    channel.on('error', () => undefined);
    const queue = deadLetterQueueOf(this.#requestQueue);
    const { timeoutMs } = this.#settings;
    const until = async (done: (state: Replies.AssertQueue) => boolean): Promise<number> => {
      const inspect = (): Promise<Replies.AssertQueue> => connection.orDisconnected(channel.checkQueue(queue));
      // Other consumers may change the counts, so that `done` may never come.
      return (await pollUntil(inspect, done, POLL_MS, AbortSignal.timeout(timeoutMs))).messageCount;
    };
    // What the lost connection held, or the last sweep, is ready again when the queue knows of no consumer of ours.
    const withoutUs = ({ consumerCount }: Replies.AssertQueue): boolean => consumerCount <= this.#otherConsumers;
    const count = await until(withoutUs);
    const { sweep, returned } = await this.#sweep(queue, count, visitor);
    try {
      await until(({ messageCount }) => messageCount >= returned);
      return await this.#visit(connection, visitor, 1);
    } finally {
      await sweep.settle();
      await until(withoutUs);
    }
  }

  async #sweep(queue: string, count: number, visitor: LetterVisitor): ReturnType<typeof UndeliverableSweep.of> {
    try {
      return await UndeliverableSweep.of(this.#url, queue, this.#settings.timeoutMs, count, visitor);
    } catch (error) {
      throw new UndeliverableLetterError(`${SWEEP_FAILED} (${String(error)})`, { cause: error });
    }
  }
}

const UNDELIVERABLE = 'The broker closed the connection instead of handing out a letter.';
const SWEEP_FAILED =
  'The broker closes the connection instead of handing out one of the letters, and it could not be taken out of the way ' +
  'over AMQP 1.0. Its properties have types that AMQP 0-9-1 does not know. All letters are there still. An AMQP 1.0 client ' +
  'can receive and accept it from the queue; a purge would remove all others with it.';

/** Why the connection is gone; empty where it is not. */
async function closeTextOf(connection: Connection): Promise<string> {
  return within(REASON_MS, 'the connection', connection.closed).catch(() => '');
}
