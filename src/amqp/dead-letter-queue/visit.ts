import type { Channel, ConsumeMessage, Replies } from 'amqplib';

import type { DeadLetter, LetterFate, LetterVisitor, Visited } from '../../protocol/dead-letter.ts';
import { pause } from '../../time/retry.ts';
import { within } from '../../time/limit.ts';
import type { Connection } from '../connection/connection.ts';
import { letterOf } from './messages.ts';
import { readPage, tagged } from './page.ts';
import { LetterSender } from './sender.ts';
import { deadLetterQueueOf } from '../connection/topology.ts';

/** Letters whose bodies can be in memory at a time. */
const PAGE = 200;
/**
 * Pages that are given back before the broker is waited for: with more than 32 commands under way, acknowledgements
 * among them, the broker's channel gathers the rest and hands it to the queue in any order.
 */
const PAGES_AT_ONCE = 16;
const SETTLE_TIMEOUT_MS = 30_000;
const SETTLE_POLL_MS = 2;

/** What becomes of the letters of one page once they are all there. */
interface Page {
  /** Tag of the last letter that stays; 0 where none does. */
  lastKept: number;
  readonly discarded: number[];
  readonly sent: { readonly tag: number; readonly letter: DeadLetter }[];
}

/**
 * One way through the queue. Every letter is taken and held to the end, then what stays is given back in order: a quorum
 * queue puts what comes back behind what came back earlier, so that reading a part would turn the order round.
 */
export class LetterVisit {
  readonly #connection: Connection;
  readonly #timeoutMs: number;
  readonly #queue: string;
  readonly #sender: LetterSender;
  readonly #visitor: LetterVisitor;
  readonly #found: (state: Replies.AssertQueue) => void;
  /** Rejects when a channel or the connection is gone. */
  readonly #gone: Promise<never>;
  #lose: (error: Error) => void = () => undefined;
  /** The last tag of each page of which letters stay, in order. */
  readonly #kept: number[] = [];
  #acknowledged = false;

  constructor(
    connection: Connection,
    timeoutMs: number,
    requestQueue: string,
    visitor: LetterVisitor,
    found: (state: Replies.AssertQueue) => void,
  ) {
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
    this.#queue = deadLetterQueueOf(requestQueue);
    this.#sender = new LetterSender(connection, requestQueue);
    this.#visitor = visitor;
    this.#found = found;
    this.#gone = new Promise((_, reject) => (this.#lose = reject));
    this.#gone.catch(() => undefined);
  }

  /** `ownReaders`: consumers of ours that hold letters beside this visit. */
  async run(ownReaders: number): Promise<Visited> {
    const looking = this.#watched(await this.#connection.channel((model) => model.createChannel()));
    const state = await this.#look(looking);
    this.#found(state);
    const { messageCount, consumerCount } = state;
    const reading = this.#watched(await this.#connection.channel((model) => model.createChannel()));
    await this.#readAll(reading, looking, messageCount);
    await this.#giveBack(reading, looking, consumerCount);
    const closing = Promise.all([reading.close(), looking.close(), this.#sender.close()]);
    await this.#connection.orDisconnected(within(this.#timeoutMs, 'closing the channels', closing));
    return { otherReaders: consumerCount - ownReaders, stopped: this.#stopped };
  }

  get #stopped(): boolean {
    return this.#visitor.stop?.aborted === true;
  }

  async #readAll(reading: Channel, looking: Channel, total: number): Promise<void> {
    const exhausted = async (): Promise<boolean> => (await this.#look(looking)).messageCount === 0;
    let read = 0;
    while (read < total && !this.#stopped) {
      const want = Math.min(PAGE, total - read);
      const page: Page = { lastKept: 0, discarded: [], sent: [] };
      const take = (message: ConsumeMessage): void => this.#take(page, message);
      const count = await this.#orChannelClosed(readPage(reading, this.#queue, want, take, exhausted));
      await this.#settle(reading, page);
      await this.#visitor.pause?.();
      if (count < want) return;
      read += count;
    }
  }

  #take(page: Page, message: ConsumeMessage): void {
    const letter = letterOf(message);
    const tag = message.fields.deliveryTag;
    const fate = this.#visitor.decide(letter);
    if (fate === 'discard') page.discarded.push(tag);
    else if (fate === 'send-back') page.sent.push({ tag, letter });
    else page.lastKept = tag;
  }

  /** Acknowledges what is discarded, and of what is sent that which the request queue has for certain. */
  async #settle(reading: Channel, page: Page): Promise<void> {
    for (const tag of page.discarded) this.#acknowledge(reading, tag, 'discard');
    const outcomes = await this.#orChannelClosed(this.#sender.send(page.sent.map(({ letter }) => letter)));
    for (const [index, { tag, letter }] of page.sent.entries()) {
      const problem = outcomes[index];
      if (problem === undefined) this.#acknowledge(reading, tag, 'send-back');
      else {
        page.lastKept = Math.max(page.lastKept, tag);
        this.#visitor.failed?.(letter, problem);
      }
    }
    if (page.lastKept > 0) this.#kept.push(page.lastKept);
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
  async #giveBack(reading: Channel, looking: Channel, others: number): Promise<void> {
    const atOnce = this.#acknowledged ? 1 : PAGES_AT_ONCE;
    let left = this.#kept.length;
    for (const tag of this.#kept) {
      reading.nack(tagged(tag), true, true);
      left -= 1;
      if (left % atOnce === 0) await this.#settled(looking, others + left);
    }
    await this.#settled(looking, others);
  }

  /** A page's consumer is counted, though cancelled, as long as the queue knows of a letter that it holds. */
  async #settled(looking: Channel, consumers: number): Promise<void> {
    const over = new AbortController();
    const counting = async (): Promise<void> => {
      while (!over.signal.aborted && (await this.#look(looking)).consumerCount > consumers) {
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
    return this.#orChannelClosed(within(this.#timeoutMs, what, call));
  }

  #orChannelClosed<T>(call: Promise<T>): Promise<T> {
    call.catch(() => undefined);
    return this.#connection.orDisconnected(Promise.race([call, this.#gone]));
  }
}
