import type { ConfirmChannel } from 'amqplib';

import type { DeadLetter } from '../../protocol/dead-letter.ts';
import type { Connection } from '../connection/connection.ts';
import { contentHeaderBytes } from '../wire/content-header-bytes.ts';
import { requestOptions } from './messages.ts';
import { isChannelClosing, isNack } from '../connection/broker-errors.ts';

const CONFIRM_TIMEOUT_MS = 30_000;

/** `undefined`: the request queue has it for certain; else why it has not. */
type Problem = string | undefined;

/** What a broker made of a letter that was published. */
type PublishResult =
  { readonly kind: 'confirmed' | 'nacked' | 'returned' } | { readonly kind: 'closed'; readonly why: string };

/** A channel, and what has become of it. */
interface SendChannel {
  readonly confirmChannel: ConfirmChannel;
  /** Whether a letter came back; where one finds no queue, none does. */
  returned: boolean;
  /** Of those published and not answered yet. Not a promise's reactions: they would stay when the answer has come. */
  readonly unanswered: Set<(result: PublishResult) => void>;
  /** Why the channel is gone; `undefined` while it is open. */
  closed: string | undefined;
}

/**
 * Publishes letters into the request queue. The broker closes the channel over a message that it does not accept: then
 * what was not confirmed is sent again one by one, each time on a channel that is open, so that only the guilty fails.
 */
export class DeadLetterSender {
  readonly #connection: Connection;
  readonly #requestQueue: string;
  #channel: SendChannel | undefined;

  constructor(connection: Connection, requestQueue: string) {
    this.#connection = connection;
    this.#requestQueue = requestQueue;
  }

  /** Sends the letters in their order; gives the outcome of each. Rejects where the connection is lost. */
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
    // Where it was the connection that closed, this rejects.
    if (typeof result === 'object' && result.kind === 'closed') await this.#open();
    return this.#problemOf(result);
  }

  /** A text says why the letter was not published at all. */
  #problemOf(result: PublishResult | string | undefined): Problem {
    if (result === undefined || typeof result === 'string') return result;
    if (result.kind === 'returned') return `there is no queue ${this.#requestQueue}`;
    if (result.kind === 'nacked') return `the queue ${this.#requestQueue} refused it`;
    return result.kind === 'closed' ? `the broker does not accept it (${result.why})` : undefined;
  }

  #publish(channel: SendChannel, letter: DeadLetter): Promise<PublishResult | string> {
    if (letter.unreadable !== undefined) return Promise.resolve('it cannot be read whole');
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
      if (channel.closed !== undefined) return resolve({ kind: 'closed', why: channel.closed });
      channel.unanswered.add(answer);
      try {
        channel.confirmChannel.publish(
          '',
          this.#requestQueue,
          Buffer.from(buffer, byteOffset, length),
          options,
          (error: unknown) => {
            if (error === null) answer({ kind: channel.returned ? 'returned' : 'confirmed' });
            else if (isNack(error)) answer({ kind: 'nacked' });
          },
        );
      } catch (error) {
        // On a channel that is closing the answer comes with its end.
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

/** With a message id a worker recognises a second copy; without one it would execute it again. */
function mayRepeat({ properties }: DeadLetter): boolean {
  return properties['message_id'] !== undefined;
}
