import type { Duplex } from 'node:stream';

import { connect, type ChannelModel, type ConfirmChannel, type ConsumeMessage } from 'amqplib';

import { routingKeyIn } from '../../src/codec/routing-key.ts';
import { within } from '../../src/time/limit.ts';
import type { Answered, Sent } from '../journal.ts';
import type { Journal } from '../journal-file.ts';
import { codesIn } from '../../test/support/documents.ts';
import { QUEUE } from '../infrastructure/testbed.ts';
import type { Request } from './requests.ts';

const APP_ID = 'chaos';
const RECONNECT_MS = 200;
const CALL_LIMIT_MS = 5_000;
/** A node without its cluster's majority keeps its connections and confirms nothing. */
const CONFIRM_LIMIT_MS = 10_000;

/** One producer of the load. */
export interface LoadSender {
  /** Resolves when it can send. */
  readonly connected: Promise<void>;
  /** Sends once. Resolves with whether the request has certainly been sent. */
  publish(request: Request): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * A producer with confirms, a durable reply queue of its own, and a connection that it reopens
 * whenever it is lost.
 */
export class Sender implements LoadSender {
  readonly number: number;
  readonly #urls: readonly string[];
  readonly #queues: number;
  readonly #journal: Journal;
  readonly #onAnswer: (answer: Answered) => void;
  #channel: ConfirmChannel | undefined;
  #model: ChannelModel | undefined;
  #connected: Promise<void>;
  #closed = false;
  #attempts = 0;
  /** Publishes that are not confirmed yet, by message id; one id may have several. */
  readonly #unconfirmed = new Set<{
    readonly id: string;
    returned: boolean;
    readonly settle: (confirmed: boolean) => void;
  }>();

  /** `queues`: the workers' REQUEST_QUEUES. */
  constructor(
    number: number,
    urls: readonly string[],
    journal: Journal,
    onAnswer: (answer: Answered) => void,
    queues = 1,
  ) {
    this.number = number;
    this.#queues = queues;
    this.#urls = urls;
    this.#journal = journal;
    this.#onAnswer = onAnswer;
    this.#connected = this.#connect();
  }

  /** Resolves when the sender is connected. */
  get connected(): Promise<void> {
    return this.#connected;
  }

  /**
   * Publishes once, as soon as the sender is connected. Resolves with whether the broker confirmed
   * it; if not, it may still have it.
   */
  async publish(request: Request): Promise<boolean> {
    await this.#connected;
    const at = this.#journal.now();
    const confirmed = await this.#publishNow(request);
    const { id, action } = request;
    const entry: Sent = { type: 'sent', id, sender: this.number, at, action, confirmed };
    this.#journal.add(entry);
    return confirmed;
  }

  #publishNow(request: Request): Promise<boolean> {
    const channel = this.#channel;
    if (channel === undefined) return Promise.resolve(false);
    const model = this.#model;
    return new Promise((resolve) => {
      const overdue = setTimeout(() => model !== undefined && this.#lost(model), CONFIRM_LIMIT_MS);
      const publish = {
        id: request.id,
        returned: false,
        settle: (confirmed: boolean): void => {
          clearTimeout(overdue);
          if (this.#unconfirmed.delete(publish)) resolve(confirmed);
        },
      };
      this.#unconfirmed.add(publish);
      try {
        const body = Buffer.from(request.xml);
        const [exchange, key] = this.#queues === 1 ? ['', QUEUE] : [QUEUE, routingKeyIn(body, request.id)];
        channel.publish(exchange, key, body, this.#options(request), (error: unknown) =>
          publish.settle(error === null && !publish.returned),
        );
      } catch {
        publish.settle(false);
      }
    });
  }

  #options({ id, headers }: Request): object {
    const identity = { appId: APP_ID, messageId: id, correlationId: id, replyTo: this.#replyQueue };
    return { ...identity, headers, persistent: true, mandatory: true };
  }

  get #replyQueue(): string {
    return `chaos.replies.${this.number}`;
  }

  async #connect(): Promise<void> {
    while (!this.#closed) {
      try {
        await this.#openChannel();
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
      }
    }
  }

  async #openChannel(): Promise<void> {
    const url = this.#urls[(this.number + this.#attempts) % this.#urls.length];
    this.#attempts += 1;
    const model = await connect(`${url}?heartbeat=2`, { timeout: CALL_LIMIT_MS });
    const closed = new Promise<void>((resolve) => {
      model.on('error', () => undefined);
      model.on('close', () => resolve());
    });
    const lost = closed.then(() => Promise.reject(new Error('the connection is closed')));
    lost.catch(() => undefined);
    const limited = <T>(what: string, call: Promise<T>): Promise<T> =>
      within(CALL_LIMIT_MS, what, Promise.race([call, lost])).catch((error: unknown) => {
        cut(model);
        throw error;
      });
    const channel = await limited('opening a channel', model.createConfirmChannel());
    channel.on('error', () => undefined);
    channel.on('return', (message) => this.#returned(String(message.properties.messageId)));
    let isOver = false;
    const over = (): void => {
      isOver = true;
      this.#lost(model);
    };
    channel.on('close', over);
    void closed.then(over);
    const queue = { durable: true, arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': -1 } };
    const setUp = async (): Promise<void> => {
      await channel.assertQueue(this.#replyQueue, queue);
      await channel.prefetch(500);
      await channel.consume(this.#replyQueue, (message) => this.#receive(channel, message, over));
    };
    await limited('setting up the reply queue', setUp());
    if (isOver) {
      cut(model);
      throw new Error('the channel was closed as its set-up ended');
    }
    this.#model = model;
    this.#channel = channel;
  }

  #receive(channel: ConfirmChannel, message: ConsumeMessage | null, over: () => void): void {
    if (message === null) return over();
    const xml = message.content.toString();
    const answer: Answered = {
      type: 'answered',
      id: String(message.properties.correlationId),
      at: this.#journal.now(),
      status: message.properties.headers?.['status'] === 'ok' ? 'ok' : 'fail',
      codes: codesIn(xml),
      xml,
    };
    this.#journal.add(answer);
    this.#onAnswer(answer);
    try {
      channel.ack(message);
    } catch {
      // The channel is closed, and the answer is redelivered.
    }
  }

  #returned(id: string): void {
    for (const publish of this.#unconfirmed) if (publish.id === id) publish.returned = true;
  }

  #lost(model: ChannelModel): void {
    if (this.#model !== model) return;
    this.#model = undefined;
    this.#channel = undefined;
    cut(model);
    this.#connected = this.#connect();
    for (const publish of this.#unconfirmed) publish.settle(false);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const model = this.#model;
    this.#model = undefined;
    if (model !== undefined) await within(CALL_LIMIT_MS, 'closing', model.close()).catch(() => cut(model));
  }
}

/** Ends the connection without the broker's part in it, which a frozen one would not play. */
function cut(model: ChannelModel): void {
  const { stream } = model.connection as unknown as { readonly stream: Duplex };
  stream.destroy();
}
