import type { ConfirmChannel } from 'amqplib';

import type { DeadLetter } from '../../protocol/dead-letter.ts';
import type { Connection } from '../connection/connection.ts';
import { contentHeaderBytes } from '../wire/content-header-bytes.ts';
import { requestOptions } from './messages.ts';
import { isChannelClosing, isNack } from '../connection/broker-errors.ts';

const CONFIRM_TIMEOUT_MS = 30_000;

/** Where a letter's request is published. */
export type AddressOf = (letter: DeadLetter) => { readonly exchange: string; readonly routingKey: string };

/** Why the request queue does not have the letter; `undefined` where it certainly has it. */
type Problem = string | undefined;

/** The broker's answer to a published letter. */
type PublishResult =
  { readonly kind: 'confirmed' | 'nacked' | 'returned' } | { readonly kind: 'closed'; readonly why: string };

/** A channel and its state. */
interface SendChannel {
  readonly confirmChannel: ConfirmChannel;
  /**
   * Whether the broker returned a letter. If it returns one, the queue is missing and it returns
   * all.
   */
  returned: boolean;
  /** Callbacks of unanswered letters. Not promise reactions: those would stay after the answer. */
  readonly unanswered: Set<(result: PublishResult) => void>;
  /** Why the channel closed; `undefined` while it is open. */
  closed: string | undefined;
}

/**
 * Publishes letters to the request queue. The broker closes the channel over a message that it does
 * not accept. The unconfirmed letters are then sent again one by one, each on an open channel, so
 * that only the cause fails.
 */
export class DeadLetterSender {
  readonly #connection: Connection;
  readonly #requestQueue: string;
  readonly #addressOf: AddressOf;
  #channel: SendChannel | undefined;

  constructor(connection: Connection, requestQueue: string, addressOf: AddressOf) {
    this.#connection = connection;
    this.#requestQueue = requestQueue;
    this.#addressOf = addressOf;
  }

  /**
   * Sends the letters in order. Returns the problem of each. Rejects where the connection is lost.
   */
  async send(letters: readonly DeadLetter[]): Promise<Problem[]> {
    const problems: Problem[] = [];
    let batch: DeadLetter[] = [];
    const flush = async (): Promise<void> => {
      problems.push(...(await this.#sendBatch(batch)));
      batch = [];
    };
    for (const letter of letters) {
      if (mayRepeat(letter)) {
        batch.push(letter);
        continue;
      }
      await flush();
      problems.push(await this.#sendSingly(letter));
    }
    await flush();
    return problems;
  }

  async close(): Promise<void> {
    await this.#channel?.confirmChannel.close();
  }

  async #sendBatch(letters: readonly DeadLetter[]): Promise<Problem[]> {
    if (letters.length === 0) return [];
    const channel = await this.#open();
    const results = await this.#confirmed(letters.map((letter) => this.#publish(channel, letter)));
    const problems: Problem[] = [];
    for (const [index, letter] of letters.entries()) {
      const result = results[index];
      const again = typeof result === 'object' && result.kind === 'closed';
      problems.push(again ? await this.#sendSingly(letter) : this.#problemOf(result));
    }
    return problems;
  }

  async #sendSingly(letter: DeadLetter): Promise<Problem> {
    const [result] = await this.#confirmed([this.#publish(await this.#open(), letter)]);
    // Rejects where the broker closed the connection, too.
    if (typeof result === 'object' && result.kind === 'closed') await this.#open();
    return this.#problemOf(result);
  }

  /** A string is the reason why the letter was not published at all. */
  #problemOf(result: PublishResult | string | undefined): Problem {
    if (result === undefined || typeof result === 'string') return result;
    if (result.kind === 'returned') return `there is no queue ${this.#requestQueue}`;
    if (result.kind === 'nacked') return `the queue ${this.#requestQueue} refused it`;
    return result.kind === 'closed' ? `the broker does not accept it (${result.why})` : undefined;
  }

  #publish(channel: SendChannel, letter: DeadLetter): Promise<PublishResult | string> {
    if (letter.unreadable !== undefined) return Promise.resolve('it can be read only in part');
    const { buffer, byteOffset, length } = letter.body;
    const options = { ...requestOptions(letter), mandatory: true };
    if (contentHeaderBytes(options) > this.#connection.frameMax) {
      return Promise.resolve(`its properties are larger than frame_max, ${this.#connection.frameMax} bytes`);
    }
    return new Promise((resolve) => {
      const answer = (result: PublishResult | string): void => {
        channel.unanswered.delete(answer);
        resolve(result);
      };
      const { exchange, routingKey } = this.#addressOf(letter);
      if (channel.closed !== undefined) return resolve({ kind: 'closed', why: channel.closed });
      channel.unanswered.add(answer);
      try {
        channel.confirmChannel.publish(
          exchange,
          routingKey,
          Buffer.from(buffer, byteOffset, length),
          options,
          (error: unknown) => {
            if (error === null) answer({ kind: channel.returned ? 'returned' : 'confirmed' });
            else if (isNack(error)) answer({ kind: 'nacked' });
          },
        );
      } catch (error) {
        // On a closing channel its `close` event answers.
        if (!isChannelClosing(error)) answer('its properties cannot be sent');
      }
    });
  }

  #confirmed<T>(results: readonly Promise<T>[]): Promise<T[]> {
    return this.#connection.call('the request queue', Promise.all(results), CONFIRM_TIMEOUT_MS);
  }

  async #open(): Promise<SendChannel> {
    if (this.#channel !== undefined) return this.#channel;
    const confirmChannel = await this.#connection.channel((model) => model.createConfirmChannel());
    const channel: SendChannel = { confirmChannel, returned: false, unanswered: new Set(), closed: undefined };
    const close = (why: string): void => {
      channel.closed ??= why;
      if (this.#channel === channel) this.#channel = undefined;
      for (const answer of channel.unanswered) answer({ kind: 'closed', why: channel.closed });
    };
    confirmChannel.on('return', () => (channel.returned = true));
    confirmChannel.on('error', (error) => close(error instanceof Error ? error.message : String(error)));
    confirmChannel.on('close', () => close('channel closed'));
    this.#channel = channel;
    return channel;
  }
}

/**
 * A worker recognises a repeat by its message id. Without one it would execute the request again.
 */
function mayRepeat({ properties }: DeadLetter): boolean {
  return properties['message_id'] !== undefined;
}
