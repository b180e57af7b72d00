import type { ConfirmChannel } from 'amqplib';

import type { DeadLetter } from '../../protocol/dead-letter.ts';
import { within } from '../../time/limit.ts';
import type { Connection } from '../connection/connection.ts';
import { contentHeaderBytes } from '../wire/content-header-bytes.ts';
import { requestOptions } from './messages.ts';
import { isChannelClosing, isNack } from '../connection/publish-errors.ts';

const CONFIRM_TIMEOUT_MS = 30_000;

/** `undefined`: the request queue has it for certain; else why it has not. */
type Outcome = string | undefined;

/** What a broker made of a letter that was published. */
type Fate = { readonly kind: 'confirmed' | 'nacked' | 'returned' } | { readonly kind: 'closed'; readonly why: string };

/** A channel, and what has become of it. */
interface Writing {
  readonly channel: ConfirmChannel;
  /** Whether a letter came back; where one finds no queue, none does. */
  returned: boolean;
  /** Of those published and not answered yet. Not a promise's reactions: they would stay when the answer has come. */
  readonly unanswered: Set<(fate: Fate) => void>;
  /** Why the channel is gone; `undefined` while it is open. */
  closed: string | undefined;
}

/**
 * Publishes letters into the request queue. The broker closes the channel over a message that it does not accept: then
 * what was not confirmed is sent again one by one, each time on a channel that is open, so that only the guilty fails.
 */
export class LetterSender {
  readonly #connection: Connection;
  readonly #requestQueue: string;
  #writing: Writing | undefined;

  constructor(connection: Connection, requestQueue: string) {
    this.#connection = connection;
    this.#requestQueue = requestQueue;
  }

  /** Sends the letters in their order; gives the outcome of each. Rejects where the connection is lost. */
  async send(letters: readonly DeadLetter[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    let together: DeadLetter[] = [];
    const flush = async (): Promise<void> => {
      outcomes.push(...(await this.#sendTogether(together)));
      together = [];
    };
    for (const letter of letters) {
      if (mayRepeat(letter)) {
        together.push(letter);
        continue;
      }
      await flush();
      outcomes.push(await this.#sendAlone(letter));
    }
    await flush();
    return outcomes;
  }

  async close(): Promise<void> {
    await this.#writing?.channel.close();
  }

  async #sendTogether(letters: readonly DeadLetter[]): Promise<Outcome[]> {
    if (letters.length === 0) return [];
    const writing = await this.#open();
    const fates = await this.#confirmed(letters.map((letter) => this.#publish(writing, letter)));
    const outcomes: Outcome[] = [];
    for (const [index, letter] of letters.entries()) {
      const fate = fates[index];
      const again = typeof fate === 'object' && fate.kind === 'closed';
      outcomes.push(again ? await this.#sendAlone(letter) : this.#outcomeOf(fate));
    }
    return outcomes;
  }

  async #sendAlone(letter: DeadLetter): Promise<Outcome> {
    const [fate] = await this.#confirmed([this.#publish(await this.#open(), letter)]);
    // Where it was the connection that closed, this rejects.
    if (typeof fate === 'object' && fate.kind === 'closed') await this.#open();
    return this.#outcomeOf(fate);
  }

  /** A text says why the letter was not published at all. */
  #outcomeOf(fate: Fate | string | undefined): Outcome {
    if (fate === undefined || typeof fate === 'string') return fate;
    if (fate.kind === 'returned') return `there is no queue ${this.#requestQueue}`;
    if (fate.kind === 'nacked') return `the queue ${this.#requestQueue} refused it`;
    return fate.kind === 'closed' ? `the broker does not accept it (${fate.why})` : undefined;
  }

  #publish(writing: Writing, letter: DeadLetter): Promise<Fate | string> {
    if (letter.unreadable !== undefined) return Promise.resolve('it cannot be read whole');
    const { buffer, byteOffset, length } = letter.body;
    const options = { ...requestOptions(letter), mandatory: true };
    if (contentHeaderBytes(options) > this.#connection.frameMax) {
      return Promise.resolve(`its properties are larger than frame_max, ${this.#connection.frameMax} bytes`);
    }
    return new Promise((resolve) => {
      const answer = (fate: Fate | string): void => {
        writing.unanswered.delete(answer);
        resolve(fate);
      };
      if (writing.closed !== undefined) return resolve({ kind: 'closed', why: writing.closed });
      writing.unanswered.add(answer);
      try {
        writing.channel.publish(
          '',
          this.#requestQueue,
          Buffer.from(buffer, byteOffset, length),
          options,
          (error: unknown) => {
            if (error === null) answer({ kind: writing.returned ? 'returned' : 'confirmed' });
            else if (isNack(error)) answer({ kind: 'nacked' });
          },
        );
      } catch (error) {
        // On a channel that is closing the answer comes with its end.
        if (!isChannelClosing(error)) answer('its properties cannot be sent');
      }
    });
  }

  #confirmed<T>(fates: readonly Promise<T>[]): Promise<T[]> {
    return this.#connection.orDisconnected(within(CONFIRM_TIMEOUT_MS, 'the request queue', Promise.all(fates)));
  }

  async #open(): Promise<Writing> {
    if (this.#writing !== undefined) return this.#writing;
    const channel = await this.#connection.channel((model) => model.createConfirmChannel());
    const writing: Writing = { channel, returned: false, unanswered: new Set(), closed: undefined };
    const close = (why: string): void => {
      writing.closed ??= why;
      if (this.#writing === writing) this.#writing = undefined;
      for (const answer of writing.unanswered) answer({ kind: 'closed', why: writing.closed });
    };
    channel.on('return', () => (writing.returned = true));
    channel.on('error', (error) => close(error instanceof Error ? error.message : String(error)));
    channel.on('close', () => close('channel closed'));
    this.#writing = writing;
    return writing;
  }
}

/** With a message id a worker recognises a second copy; without one it would execute it again. */
function mayRepeat({ properties }: DeadLetter): boolean {
  return properties['message_id'] !== undefined;
}
