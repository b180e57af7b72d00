import type { ConfirmChannel, ConsumeMessage, MessagePropertyHeaders, Options } from 'amqplib';

import { headersOf, textOf } from '../amqp/wire/messages.ts';
import { HEADERS } from '../protocol/catalogue.ts';
import { internalErrorOf } from './internal-error.ts';

/**
 * What happens to the next request. `slow`: it is executed, and its answer comes after two seconds,
 * or the given milliseconds. `lost`: it is executed, and no answer comes. `EXPIRED`: it reaches the
 * worker past its deadline. `INTERNAL_ERROR`: it is answered and dead-lettered as after a defect, and
 * not executed.
 */
export type AnswerFault = 'slow' | 'lost' | 'EXPIRED' | 'INTERNAL_ERROR' | { readonly slow: number };

const SLOW_MS = 2_000;
const MAX_SLOW_MS = 2 ** 31 - 1;
/** Milliseconds since the epoch that every clock has passed. */
const LONG_PAST = 1;

/** Receives one request instead of the worker, and does to it what the fault says. */
export class ArmedFault {
  /** Called once, when nothing is left to do. */
  ended: () => void = () => undefined;
  readonly #fault: Exclude<AnswerFault, 'slow'>;
  readonly #queue: string;
  readonly #id: string;
  #channel: ConfirmChannel | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** Throws where there is no such fault. `id` is unique. */
  constructor(fault: AnswerFault, queue: string, id: string) {
    this.#fault = checked(fault === 'slow' ? { slow: SLOW_MS } : fault);
    this.#queue = queue;
    this.#id = id;
  }

  /** Resolves once the broker delivers the next request to this fault. */
  async arm(channel: ConfirmChannel, priority: number): Promise<void> {
    this.#channel = channel;
    channel.on('error', () => undefined);
    channel.on('close', () => this.#end());
    await channel.prefetch(1);
    const consumerTag = this.#id;
    await channel.consume(this.#queue, (message) => void this.#received(channel, message), { consumerTag, priority });
  }

  /** Does nothing more; a request that was received goes back to the queue. Idempotent. */
  async disarm(): Promise<void> {
    const channel = this.#channel;
    this.#end();
    try {
      await channel?.close();
    } catch {
      // It is closed already.
    }
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#channel = undefined;
    this.ended();
  }

  async #received(channel: ConfirmChannel, message: ConsumeMessage | null): Promise<void> {
    try {
      if (message !== null) await this.#meet(channel, message);
      if (message === null || typeof this.#fault === 'string') await this.disarm();
    } catch {
      // The channel is lost, or closed by `clear`: the broker delivers the request to the worker.
      await this.disarm();
    }
  }

  async #meet(channel: ConfirmChannel, request: ConsumeMessage): Promise<void> {
    const fault = this.#fault;
    const properties = copied(request);
    // Acknowledged only after the broker has what replaces the request.
    await channel.cancel(this.#id);
    if (fault === 'EXPIRED') {
      const headers = { ...properties.headers, [HEADERS.deadline]: LONG_PAST };
      this.#send(channel, this.#queue, request.content, { ...properties, headers });
    } else if (fault === 'lost') {
      this.#send(channel, this.#queue, request.content, { ...properties, replyTo: undefined });
    } else if (fault === 'INTERNAL_ERROR') {
      for (const { queue, body, options } of internalErrorOf(request, this.#queue)) {
        this.#send(channel, queue, body, options);
      }
    } else await this.#delay(channel, request, properties, fault.slow);
    await channel.waitForConfirms();
    channel.ack(request);
  }

  /** The answer comes to a queue of this fault, which sends it on when its time has come. */
  async #delay(
    channel: ConfirmChannel,
    request: ConsumeMessage,
    properties: Options.Publish,
    ms: number,
  ): Promise<void> {
    const answered = textOf(request.properties.replyTo);
    const replyTo = `contacts.testing.${this.#id}`;
    await channel.assertQueue(replyTo, { exclusive: true, durable: false });
    const receive = (answer: ConsumeMessage | null): void => {
      this.#timer = setTimeout(() => {
        if (answer !== null && answered !== undefined) this.#send(channel, answered, answer.content, copied(answer));
        // Closing the channel flushes what was sent.
        void this.disarm();
      }, ms);
    };
    await channel.consume(replyTo, receive, { noAck: true });
    this.#send(channel, this.#queue, request.content, { ...properties, replyTo });
  }

  #send(channel: ConfirmChannel, queue: string, body: Buffer, options: Options.Publish): void {
    channel.publish('', queue, body, options, () => undefined);
  }
}

function checked(fault: Exclude<AnswerFault, 'slow'>): Exclude<AnswerFault, 'slow'> {
  if (typeof fault === 'string' && ['lost', 'EXPIRED', 'INTERNAL_ERROR'].includes(fault)) return fault;
  if (typeof fault === 'object' && Number.isInteger(fault.slow) && fault.slow >= 0 && fault.slow <= MAX_SLOW_MS) {
    return fault;
  }
  throw new TypeError("the fault must be 'slow', { slow: milliseconds }, 'lost', 'EXPIRED' or 'INTERNAL_ERROR'");
}

/** The properties of a message, for a copy of it. */
function copied(message: ConsumeMessage): Options.Publish & { readonly headers: MessagePropertyHeaders } {
  // The broker counts deliveries itself.
  const { 'x-delivery-count': _, 'x-acquired-count': __, ...headers } = headersOf(message);
  const { deliveryMode, ...properties } = message.properties;
  return { ...(properties as Options.Publish), persistent: deliveryMode === 2, headers };
}
