import type { Replies } from 'amqplib';

import {
  UndeliverableLetterError,
  type DeadLetterQueue,
  type LetterVisitor,
  type Visited,
} from '../../protocol/dead-letter.ts';
import { deadLetterQueueOf } from '../../protocol/request-queues.ts';
import { within } from '../../time/limit.ts';
import { isInternalError } from '../connection/broker-errors.ts';
import { openConnection, type Connection, type ConnectionSettings } from '../connection/connection.ts';
import { pollUntil } from './page.ts';
import { UndeliverableSweep } from './sweep.ts';
import { DeadLetterVisit } from './visit.ts';
import type { AddressOf } from './sender.ts';

const REASON_MS = 1_000;
const POLL_MS = 20;

/**
 * Opens the dead-letter queue of `requestQueue` at the first broker that can be reached. `addressOf`:
 * where requests go back to; by default the request queue.
 *
 * The room: visit.ts reads the queue once, page by page (page.ts), and settles each letter;
 * messages.ts translates letters; sender.ts sends letters back to the request queue; sweep.ts moves
 * letters aside that the broker cannot deliver over AMQP 0-9-1, with amqp10-receiver.ts and
 * amqp10-values.ts.
 */
export async function openDeadLetters(
  settings: ConnectionSettings,
  requestQueue: string,
  addressOf: AddressOf = () => ({ exchange: '', routingKey: requestQueue }),
): Promise<DeadLetterQueue> {
  const letters = new AmqpDeadLetterQueue(settings, requestQueue, addressOf);
  await letters.open();
  return letters;
}

class AmqpDeadLetterQueue implements DeadLetterQueue {
  readonly #settings: ConnectionSettings;
  readonly #requestQueue: string;
  readonly #addressOf: AddressOf;
  #connection: Connection | undefined;
  #url = '';
  /**
   * A letter closed the connection: from now on a sweep moves such letters aside before each visit.
   */
  #sweeping = false;
  /** Consumers of other clients at the last visit. */
  #otherConsumers = 0;

  constructor(settings: ConnectionSettings, requestQueue: string, addressOf: AddressOf) {
    this.#settings = settings;
    this.#requestQueue = requestQueue;
    this.#addressOf = addressOf;
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
    return new DeadLetterVisit(connection, this.#requestQueue, this.#addressOf, visitor, onState).run(ownReaders);
  }

  async #visitAfterSweep(connection: Connection, visitor: LetterVisitor): Promise<Visited> {
    const channel = await connection.channel((model) => model.createChannel());
    channel.on('error', () => undefined);
    const queue = deadLetterQueueOf(this.#requestQueue);
    const { timeoutMs } = this.#settings;
    const until = async (done: (state: Replies.AssertQueue) => boolean): Promise<number> => {
      const inspect = (): Promise<Replies.AssertQueue> => connection.orDisconnected(channel.checkQueue(queue));
      // Other clients may change the counts, so that `done` may never come.
      return (await pollUntil(inspect, done, POLL_MS, AbortSignal.timeout(timeoutMs))).messageCount;
    };
    // Letters that the lost connection or the last sweep held are ready again once none of our
    // consumers is left.
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

const UNDELIVERABLE = 'The broker closed the connection instead of delivering a letter.';
const SWEEP_FAILED =
  'The broker closes the connection instead of delivering one of the letters, and that letter could not be moved aside ' +
  'over AMQP 1.0. Its properties have types that AMQP 0-9-1 lacks. All letters are still in the queue. An AMQP 1.0 client ' +
  'can receive and accept that letter; a purge would remove all others with it.';

/** Why the connection closed; empty where it is open. */
async function closeTextOf(connection: Connection): Promise<string> {
  return within(REASON_MS, 'the connection', connection.closed).catch(() => '');
}
