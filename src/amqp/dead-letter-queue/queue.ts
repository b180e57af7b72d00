import type { Replies } from 'amqplib';

import {
  UndeliverableLetterError,
  type DeadLetterQueue,
  type LetterVisitor,
  type Visited,
} from '../../protocol/dead-letter.ts';
import { pause } from '../../time/retry.ts';
import { within } from '../../time/limit.ts';
import { openConnection, type Connection, type ConnectionSettings } from '../connection/connection.ts';
import { LetterSweep } from './sweep.ts';
import { LetterVisit } from './visit.ts';
import { deadLetterQueueOf } from '../connection/topology.ts';

/** How the broker closes a connection over a letter that it cannot hand out. */
const INTERNAL_ERROR = /\b541\b/;
const REASON_MS = 1_000;
const POLL_MS = 20;

/** Opens the dead-letter queue of `requestQueue` at the first of the brokers that can be reached. */
export async function openDeadLetters(settings: ConnectionSettings, requestQueue: string): Promise<DeadLetterQueue> {
  const letters = new Letters(settings, requestQueue);
  await letters.open();
  return letters;
}

class Letters implements DeadLetterQueue {
  readonly #settings: ConnectionSettings;
  readonly #requestQueue: string;
  #connection: Connection | undefined;
  #url = '';
  /** A letter closed the connection: such letters are taken out of the way from now on. */
  #careful = false;
  /** Consumers that are not ours, as the last visit found them. */
  #others = 0;

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
      return await (this.#careful ? this.#visitCarefully(connection, visitor) : this.#pass(connection, visitor, 0));
    } catch (error) {
      if (!INTERNAL_ERROR.test(await reasonOf(connection))) throw error;
      const tried = this.#careful;
      this.#careful = true;
      this.#connection = undefined;
      await connection.close();
      throw new UndeliverableLetterError(tried ? IN_VAIN : FOUND, { cause: error });
    }
  }

  async close(): Promise<void> {
    await this.#connection?.close();
  }

  #pass(connection: Connection, visitor: LetterVisitor, ownReaders: number): Promise<Visited> {
    const { timeoutMs } = this.#settings;
    const found = ({ consumerCount }: Replies.AssertQueue): void => void (this.#others = consumerCount - ownReaders);
    return new LetterVisit(connection, timeoutMs, this.#requestQueue, visitor, found).run(ownReaders);
  }

  async #visitCarefully(connection: Connection, visitor: LetterVisitor): Promise<Visited> {
    const channel = await connection.channel((model) => model.createChannel());
    channel.on('error', () => undefined);
    const queue = deadLetterQueueOf(this.#requestQueue);
    const { timeoutMs } = this.#settings;
    const until = async (done: (state: Replies.AssertQueue) => boolean): Promise<number> => {
      const look = (): Promise<Replies.AssertQueue> => connection.orDisconnected(channel.checkQueue(queue));
      return (await polled(timeoutMs, look, done)).messageCount;
    };
    // What the lost connection held, or the last sweep, is ready again when the queue knows of no consumer of ours.
    const withoutUs = ({ consumerCount }: Replies.AssertQueue): boolean => consumerCount <= this.#others;
    const count = await until(withoutUs);
    const { sweep, returned } = await this.#sweep(queue, count, visitor);
    try {
      await until(({ messageCount }) => messageCount >= returned);
      return await this.#pass(connection, visitor, 1);
    } finally {
      await sweep.settle();
      await until(withoutUs);
    }
  }

  async #sweep(queue: string, count: number, visitor: LetterVisitor): ReturnType<typeof LetterSweep.of> {
    try {
      return await LetterSweep.of(this.#url, queue, this.#settings.timeoutMs, count, visitor);
    } catch (error) {
      throw new UndeliverableLetterError(`${IN_VAIN} (${String(error)})`, { cause: error });
    }
  }
}

const FOUND = 'The broker closed the connection instead of handing out a letter.';
const IN_VAIN =
  'The broker closes the connection instead of handing out one of the letters, and it could not be taken out of the way ' +
  'over AMQP 1.0. Its properties have types that AMQP 0-9-1 does not know. All letters are there still. An AMQP 1.0 client ' +
  'can receive and accept it from the queue; a purge would remove all others with it.';

/** Why the connection is gone; empty where it is not. */
async function reasonOf(connection: Connection): Promise<string> {
  return within(REASON_MS, 'the connection', connection.closed).catch(() => '');
}

/** Looks again and again until `done`, or until the time limit has passed: others may be at the queue. Gives what it saw last. */
async function polled<T>(limitMs: number, look: () => Promise<T>, done: (seen: T) => boolean): Promise<T> {
  const { signal } = new AbortController();
  const end = performance.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (done(seen) || performance.now() > end) return seen;
    await pause(POLL_MS, signal);
  }
}
