import type { Channel, ConsumeMessage, Replies } from 'amqplib';

import type { DeadLetter, LetterFate, LetterVisitor, Visited } from '../../protocol/dead-letter.ts';
import { deadLetterQueueOf } from '../../protocol/request-queues.ts';
import { within } from '../../time/limit.ts';
import type { Connection } from '../connection/connection.ts';
import { deadLetterOf } from './messages.ts';
import { messageWithTag, pollUntil, readPage } from './page.ts';
import { DeadLetterSender, type AddressOf } from './sender.ts';

/** Maximum number of letters whose bodies are in memory. */
const PAGE_SIZE = 200;
/**
 * Pages that are requeued before the visit waits for the broker. With more than 32 commands in
 * flight, acknowledgements included, the broker's channel buffers the rest and passes it to the
 * queue in any order.
 */
const PAGES_AT_ONCE = 16;
const SETTLE_TIMEOUT_MS = 30_000;
const SETTLE_POLL_MS = 2;

/** What to do with the letters of one page once all are received. */
interface Page {
  /** Tag of the last letter that stays; 0 where none does. */
  lastKept: number;
  readonly discarded: number[];
  readonly sent: { readonly tag: number; readonly letter: DeadLetter }[];
}

/**
 * Reads the queue once. Holds every letter to the end, then requeues the kept ones in order: a
 * quorum queue puts a requeued message behind those that were requeued earlier, so that reading
 * only a part would reverse the order.
 */
export class DeadLetterVisit {
  readonly #connection: Connection;
  readonly #queue: string;
  readonly #sender: DeadLetterSender;
  readonly #visitor: LetterVisitor;
  readonly #onState: (state: Replies.AssertQueue) => void;
  /** Rejects when a channel or the connection closes. */
  readonly #failed: Promise<never>;
  #fail: (error: Error) => void = () => undefined;
  /** The tag of the last kept letter of each page, in order. */
  readonly #keptTags: number[] = [];
  #acknowledged = false;

  constructor(
    connection: Connection,
    requestQueue: string,
    addressOf: AddressOf,
    visitor: LetterVisitor,
    onState: (state: Replies.AssertQueue) => void,
  ) {
    this.#connection = connection;
    this.#queue = deadLetterQueueOf(requestQueue);
    this.#sender = new DeadLetterSender(connection, requestQueue, addressOf);
    this.#visitor = visitor;
    this.#onState = onState;
    this.#failed = new Promise((_, reject) => (this.#fail = reject));
    this.#failed.catch(() => undefined);
  }

  /** `ownReaders`: our other consumers that hold letters during this visit. */
  async run(ownReaders: number): Promise<Visited> {
    const inspecting = this.#monitored(await this.#connection.channel((model) => model.createChannel()));
    const state = await this.#inspect(inspecting);
    this.#onState(state);
    const { messageCount, consumerCount } = state;
    const consuming = this.#monitored(await this.#connection.channel((model) => model.createChannel()));
    await this.#readAll(consuming, inspecting, messageCount);
    await this.#requeueKept(consuming, inspecting, consumerCount);
    const closing = Promise.all([consuming.close(), inspecting.close(), this.#sender.close()]);
    await this.#connection.call('closing the channels', closing);
    return { otherReaders: consumerCount - ownReaders, stopped: this.#stopped };
  }

  get #stopped(): boolean {
    return this.#visitor.stop?.aborted === true;
  }

  async #readAll(consuming: Channel, inspecting: Channel, total: number): Promise<void> {
    const exhausted = async (): Promise<boolean> => (await this.#inspect(inspecting)).messageCount === 0;
    let read = 0;
    while (read < total && !this.#stopped) {
      const want = Math.min(PAGE_SIZE, total - read);
      const page: Page = { lastKept: 0, discarded: [], sent: [] };
      const onMessage = (message: ConsumeMessage): void => this.#decide(page, message);
      const count = await this.#orChannelClosed(readPage(consuming, this.#queue, want, onMessage, exhausted));
      await this.#settle(consuming, page);
      await this.#visitor.pause?.();
      if (count < want) return;
      read += count;
    }
  }

  #decide(page: Page, message: ConsumeMessage): void {
    const letter = deadLetterOf(message);
    const tag = message.fields.deliveryTag;
    const decision = this.#visitor.decide(letter);
    if (decision === 'discard') page.discarded.push(tag);
    else if (decision === 'send-back') page.sent.push({ tag, letter });
    else page.lastKept = tag;
  }

  /** Acknowledges the discarded letters, and those that the request queue certainly has. */
  async #settle(consuming: Channel, page: Page): Promise<void> {
    for (const tag of page.discarded) this.#acknowledge(consuming, tag, 'discard');
    const problems = await this.#orChannelClosed(this.#sender.send(page.sent.map(({ letter }) => letter)));
    for (const [index, { tag, letter }] of page.sent.entries()) {
      const problem = problems[index];
      if (problem === undefined) this.#acknowledge(consuming, tag, 'send-back');
      else {
        page.lastKept = Math.max(page.lastKept, tag);
        this.#visitor.failed?.(letter, problem);
      }
    }
    if (page.lastKept > 0) this.#keptTags.push(page.lastKept);
  }

  #acknowledge(consuming: Channel, tag: number, decision: LetterFate): void {
    this.#visitor.settling?.(decision);
    this.#acknowledged = true;
    consuming.ack(messageWithTag(tag));
  }

  /**
   * Requeues the kept letters page by page, and waits until the queue has processed that: closing
   * the channel earlier would drop acknowledgements that are still on their way. `others`:
   * consumers of other clients.
   */
  async #requeueKept(consuming: Channel, inspecting: Channel, others: number): Promise<void> {
    const pagesAtOnce = this.#acknowledged ? 1 : PAGES_AT_ONCE;
    let left = this.#keptTags.length;
    for (const tag of this.#keptTags) {
      consuming.nack(messageWithTag(tag), true, true);
      left -= 1;
      if (left % pagesAtOnce === 0) await this.#settled(inspecting, others + left);
    }
    await this.#settled(inspecting, others);
  }

  /** A cancelled consumer still counts while the queue knows of letters that it holds. */
  async #settled(inspecting: Channel, consumers: number): Promise<void> {
    const ended = new AbortController();
    const isSettled = ({ consumerCount }: Replies.AssertQueue): boolean => consumerCount <= consumers;
    const polling = pollUntil(() => this.#inspect(inspecting), isSettled, SETTLE_POLL_MS, ended.signal);
    try {
      await within(SETTLE_TIMEOUT_MS, 'settling the letters', polling);
    } finally {
      ended.abort();
    }
  }

  #inspect(channel: Channel): Promise<Replies.AssertQueue> {
    return this.#orChannelClosed(this.#connection.call('checking the queue', channel.checkQueue(this.#queue)));
  }

  #monitored<C extends Channel>(channel: C): C {
    channel.on('error', (error) => this.#fail(error));
    channel.on('close', () => this.#fail(new Error('the broker closed the channel')));
    return channel;
  }

  #orChannelClosed<T>(call: Promise<T>): Promise<T> {
    return this.#connection.orDisconnected(Promise.race([call, this.#failed]));
  }
}
