import type { Channel, ConfirmChannel, ConsumeMessage, Options, Replies } from 'amqplib';

import type { DeadLetterQueue, LetterFate, LetterVisitor } from '../protocol/dead-letter.ts';
import { pause } from '../time/back-off.ts';
import { within } from '../time/limit.ts';
import { openConnection, type Connection, type ConnectionSettings } from './connection.ts';
import { letterOf, requestOptions } from './letter-messages.ts';
import { readPage, tagged } from './letter-page.ts';
import { deadLetterQueueOf } from './topology.ts';

/** Letters whose bodies can be in memory at a time. */
const PAGE = 200;
/**
 * Pages that are given back before the broker is waited for: with more than 32 commands under way, acknowledgements
 * among them, the broker's channel gathers the rest and hands it to the queue in any order.
 */
const PAGES_AT_ONCE = 16;
const CONFIRM_TIMEOUT_MS = 30_000;
const SETTLE_TIMEOUT_MS = 30_000;
const SETTLE_POLL_MS = 2;

/** Opens the dead-letter queue of `requestQueue` at the first of the brokers that can be reached. */
export async function openDeadLetters(settings: ConnectionSettings, requestQueue: string): Promise<DeadLetterQueue> {
  let failure: unknown = new Error('no broker URL is set');
  for (let attempt = 0; attempt < settings.urls.length; attempt += 1) {
    try {
      const connection = await openConnection(settings, 'contacts dead-letters', attempt, () => undefined);
      return {
        visit: (visitor) => new Visit(connection, settings.timeoutMs, requestQueue, visitor).run(),
        close: () => connection.close(),
      };
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/** What becomes of the letters of one page once they are all there. */
interface Page {
  /** Tag of the last letter that stays; 0 where none does. */
  lastKept: number;
  readonly discarded: number[];
  readonly sent: { readonly tag: number; readonly outcome: Promise<SendOutcome> }[];
}

type SendOutcome = 'confirmed' | 'refused' | 'unsendable';

/**
 * One way through the queue. Every letter is taken and held to the end, then what stays is given back in order: a quorum
 * queue puts what comes back behind what came back earlier, so that reading a part would turn the order round.
 */
class Visit {
  readonly #connection: Connection;
  readonly #timeoutMs: number;
  readonly #requestQueue: string;
  readonly #queue: string;
  readonly #visitor: LetterVisitor;
  /** Rejects when a channel or the connection is gone. */
  readonly #gone: Promise<never>;
  #lose: (error: Error) => void = () => undefined;
  /** The last tag of each page of which letters stay, in order. */
  readonly #kept: number[] = [];
  #returned = false;
  #acknowledged = false;

  constructor(connection: Connection, timeoutMs: number, requestQueue: string, visitor: LetterVisitor) {
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
    this.#requestQueue = requestQueue;
    this.#queue = deadLetterQueueOf(requestQueue);
    this.#visitor = visitor;
    this.#gone = new Promise((_, reject) => (this.#lose = reject));
    this.#gone.catch(() => undefined);
  }

  async run(): Promise<{ readonly otherReaders: number }> {
    const writing = this.#watched(await this.#connection.channel((model) => model.createConfirmChannel()));
    const { messageCount, consumerCount } = await this.#look(writing);
    writing.on('return', () => (this.#returned = true));
    const reading = this.#watched(await this.#connection.channel((model) => model.createChannel()));
    await this.#readAll(reading, writing, messageCount);
    await this.#giveBack(reading, writing, consumerCount);
    await this.#connection.orLost(
      within(this.#timeoutMs, 'closing the channels', Promise.all([reading.close(), writing.close()])),
    );
    return { otherReaders: consumerCount };
  }

  async #readAll(reading: Channel, writing: ConfirmChannel, total: number): Promise<void> {
    const exhausted = async (): Promise<boolean> => (await this.#look(writing)).messageCount === 0;
    let read = 0;
    while (read < total) {
      const want = Math.min(PAGE, total - read);
      const page: Page = { lastKept: 0, discarded: [], sent: [] };
      const take = (message: ConsumeMessage): void => this.#take(writing, page, message);
      const count = await this.#orGone(readPage(reading, this.#queue, want, take, exhausted));
      await this.#settle(reading, page);
      await this.#visitor.pause?.();
      if (count < want) return;
      read += count;
    }
  }

  #take(writing: ConfirmChannel, page: Page, message: ConsumeMessage): void {
    const letter = letterOf(message);
    const tag = message.fields.deliveryTag;
    const fate = this.#visitor.decide(letter);
    if (fate === 'discard') page.discarded.push(tag);
    else if (fate === 'keep') page.lastKept = tag;
    else {
      const options = { ...requestOptions(letter), mandatory: true };
      page.sent.push({ tag, outcome: publish(writing, this.#requestQueue, message.content, options) });
    }
  }

  /** Acknowledges what is discarded, and of what was sent that which the request queue has for certain. */
  async #settle(reading: Channel, page: Page): Promise<void> {
    for (const tag of page.discarded) this.#acknowledge(reading, tag, 'discard');
    const confirms = Promise.all(page.sent.map(({ outcome }) => outcome));
    confirms.catch(() => undefined);
    const outcomes = await this.#orGone(within(CONFIRM_TIMEOUT_MS, 'the request queue', confirms));
    for (const [index, { tag }] of page.sent.entries()) {
      const problem = this.#problem(outcomes[index]);
      if (problem === undefined) this.#acknowledge(reading, tag, 'send-back');
      else {
        page.lastKept = Math.max(page.lastKept, tag);
        this.#visitor.failed?.(problem);
      }
    }
    if (page.lastKept > 0) this.#kept.push(page.lastKept);
  }

  #problem(outcome: SendOutcome | undefined): string | undefined {
    // The broker returns before it confirms. Which one it was does not matter: where one finds no queue, none does.
    if (this.#returned) return `there is no queue ${this.#requestQueue}`;
    if (outcome === 'refused') return `the queue ${this.#requestQueue} refused it`;
    return outcome === 'unsendable' ? 'its properties cannot be sent' : undefined;
  }

  #acknowledge(reading: Channel, tag: number, fate: LetterFate): void {
    this.#visitor.settling?.(fate);
    this.#acknowledged = true;
    reading.ack(tagged(tag));
  }

  /**
   * Gives back what stays, page by page, and waits until the queue has done all that it was told; closing the channel
   * earlier would take back acknowledgements that have not got there. `others`: consumers that are not ours.
   */
  async #giveBack(reading: Channel, writing: ConfirmChannel, others: number): Promise<void> {
    const atOnce = this.#acknowledged ? 1 : PAGES_AT_ONCE;
    let left = this.#kept.length;
    for (const tag of this.#kept) {
      reading.nack(tagged(tag), true, true);
      left -= 1;
      if (left % atOnce === 0) await this.#settled(writing, others + left);
    }
    await this.#settled(writing, others);
  }

  /** A page's consumer is counted, though cancelled, as long as the queue knows of a letter that it holds. */
  async #settled(writing: ConfirmChannel, consumers: number): Promise<void> {
    const over = new AbortController();
    const counting = async (): Promise<void> => {
      while (!over.signal.aborted && (await this.#look(writing)).consumerCount > consumers) {
        await pause(SETTLE_POLL_MS, over.signal);
      }
    };
    try {
      await within(SETTLE_TIMEOUT_MS, 'settling the letters', counting());
    } finally {
      over.abort();
    }
  }

  #look(channel: Channel): Promise<Replies.AssertQueue> {
    return this.#call('looking at the queue', channel.checkQueue(this.#queue));
  }

  #watched<C extends Channel>(channel: C): C {
    channel.on('error', (error) => this.#lose(error));
    channel.on('close', () => this.#lose(new Error('the broker closed the channel')));
    return channel;
  }

  #call<T>(what: string, call: Promise<T>): Promise<T> {
    call.catch(() => undefined);
    return this.#orGone(within(this.#timeoutMs, what, call));
  }

  #orGone<T>(call: Promise<T>): Promise<T> {
    call.catch(() => undefined);
    return this.#connection.orLost(Promise.race([call, this.#gone]));
  }
}

/** Stays pending where the channel is gone before the broker has answered. Never rejects. */
function publish(channel: ConfirmChannel, queue: string, body: Buffer, options: Options.Publish): Promise<SendOutcome> {
  return new Promise((resolve) => {
    try {
      channel.publish('', queue, body, options, (error: unknown) => {
        if (error === null) resolve('confirmed');
        else if (error instanceof Error && error.message === 'message nacked') resolve('refused');
      });
    } catch (error) {
      if (!(error instanceof Error && error.name === 'IllegalOperationError')) resolve('unsendable');
    }
  });
}
