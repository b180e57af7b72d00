import { randomUUID } from 'node:crypto';

import type { ConfirmChannel, ConsumeMessage } from 'amqplib';

import { textOf } from '../amqp/wire/messages.ts';
import { HEADERS } from '../protocol/catalogue.ts';
import { internalErrorOf } from './internal-error.ts';
import { copyOf, markOf, sentHeaders, withMark, type Publication } from './publication.ts';

/**
 * What happens to the next request. `slow`: it is executed, and its answer comes after two seconds,
 * or the given milliseconds. `lost`: it is executed, and no answer comes. `EXPIRED`: it reaches the
 * worker past its deadline. `INTERNAL_ERROR`: it is answered and dead-lettered as after a defect,
 * and not executed.
 */
export type AnswerFault = 'slow' | 'lost' | 'EXPIRED' | 'INTERNAL_ERROR' | { readonly slow: number };

type CheckedFault = Exclude<AnswerFault, 'slow'>;

const SLOW_MS = 2_000;
const MAX_SLOW_MS = 2 ** 31 - 1;
/** Milliseconds since the epoch that every clock has passed. */
const LONG_PAST = 1;
/** How long a copy rests that the worker had no room for. */
const REST_MS = 100;

export interface ArmedFaultHost {
  /**
   * Sends a request to the worker, past the armed faults. Does nothing where `isNeeded` returns
   * false once its turn has come.
   */
  forward(from: ArmedFault, request: Publication, isNeeded?: () => boolean): Promise<void>;
  /** Called when nothing is left to do; may be called again. */
  ended(): void;
}

/** Receives one request instead of the worker, and does to it what the fault says. */
export class ArmedFault {
  readonly #fault: CheckedFault;
  readonly #queue: string;
  readonly #host: ArmedFaultHost;
  readonly #id = randomUUID();
  #channel: ConfirmChannel | undefined;
  #met = false;
  #held: ConsumeMessage | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** Throws where there is no such fault. */
  constructor(fault: AnswerFault, queue: string, host: ArmedFaultHost) {
    this.#fault = checked(fault === 'slow' ? { slow: SLOW_MS } : fault);
    this.#queue = queue;
    this.#host = host;
  }

  /** Whether it still waits for a request. */
  get isArmed(): boolean {
    return this.#channel !== undefined && !this.#met;
  }

  /** The mark of the forwarded request that it has received, and holds. */
  get heldCopy(): string | undefined {
    return this.#held && markOf(this.#held);
  }

  /** Resolves once the broker delivers the next request to this fault. */
  async arm(channel: ConfirmChannel, priority: number): Promise<void> {
    this.#channel = channel;
    channel.on('error', () => undefined);
    channel.on('close', () => this.#end());
    await channel.prefetch(1);
    const consumerTag = this.#id;
    await channel.consume(this.#queue, (message) => void this.#received(message), { consumerTag, priority });
  }

  /** Resolves once all that the broker has delivered so far is here. */
  async caughtUp(): Promise<void> {
    // Deliveries precede the answer to any later call.
    await this.#channel?.checkQueue(this.#queue).catch(() => undefined);
  }

  /**
   * Drops the copy that it holds, as another has reached the worker; it waits for a request again.
   */
  dropCopy(): void {
    if (this.#held !== undefined) this.#channel?.ack(this.#held);
    this.#held = undefined;
  }

  /** Sends a request to the queue, with the mark of a copy; resolves once the broker has it. */
  async publish({ queue, body, options }: Publication, copy: string): Promise<void> {
    this.#send({ queue, body, options: withMark(options, copy) });
    await this.#channel?.waitForConfirms();
  }

  /**
   * Does nothing more; a request that it holds goes back to the queue. Idempotent; never rejects.
   */
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
    this.#host.ended();
  }

  async #received(message: ConsumeMessage | null): Promise<void> {
    if (message !== null && markOf(message) !== undefined) return this.#receivedCopy(message);
    try {
      this.#met = true;
      if (message !== null) await this.#meet(message);
      // A slow answer is still to come.
      if (message === null || typeof this.#fault === 'string') await this.disarm();
    } catch {
      // The channel is lost, or closed by `disarm`: the worker gets the request.
      await this.disarm();
    }
  }

  /**
   * Usually `dropCopy` follows. Otherwise it is the only copy, which the worker had no room for.
   */
  #receivedCopy(message: ConsumeMessage): void {
    this.#held = message;
    this.#timer = setTimeout(() => {
      const only = copyOf(message, this.#queue, sentHeaders(message));
      const isNeeded = (): boolean => this.#held === message;
      this.#host.forward(this, only, isNeeded).then(
        () => isNeeded() && this.dropCopy(),
        () => this.disarm(),
      );
    }, REST_MS);
  }

  async #meet(request: ConsumeMessage): Promise<void> {
    const fault = this.#fault;
    const headers = sentHeaders(request);
    // Otherwise the acknowledgement would bring another request.
    await this.#channel?.cancel(this.#id);
    if (fault === 'EXPIRED') {
      await this.#host.forward(this, copyOf(request, this.#queue, { ...headers, [HEADERS.deadline]: LONG_PAST }));
    } else if (fault === 'lost') {
      const { options, ...copy } = copyOf(request, this.#queue, headers);
      const { replyTo: _, ...others } = options;
      await this.#host.forward(this, { ...copy, options: others });
    } else if (fault === 'INTERNAL_ERROR') {
      for (const message of internalErrorOf(request, this.#queue)) this.#send(message);
      await this.#channel?.waitForConfirms();
    } else await this.#host.forward(this, await this.#delayed(request, fault.slow));
    // Only now has the broker what replaces the request.
    this.#channel?.ack(request);
  }

  /** The request whose answer comes to a queue of this fault, which sends it on in its time. */
  async #delayed(request: ConsumeMessage, ms: number): Promise<Publication> {
    const replyTo = `contacts.testing.${this.#id}`;
    const answered = textOf(request.properties.replyTo);
    await this.#channel?.assertQueue(replyTo, { exclusive: true, durable: false });
    const receive = (answer: ConsumeMessage | null): void => {
      this.#timer = setTimeout(() => {
        if (answer !== null && answered !== undefined) this.#send(copyOf(answer, answered, sentHeaders(answer)));
        void this.disarm();
      }, ms);
    };
    await this.#channel?.consume(replyTo, receive, { noAck: true });
    const copy = copyOf(request, this.#queue, sentHeaders(request));
    return { ...copy, options: { ...copy.options, replyTo } };
  }

  #send({ queue, body, options }: Publication): void {
    this.#channel?.publish('', queue, body, options, () => undefined);
  }
}

function checked(fault: CheckedFault): CheckedFault {
  if (typeof fault === 'string' && ['lost', 'EXPIRED', 'INTERNAL_ERROR'].includes(fault)) return fault;
  if (typeof fault === 'object' && Number.isInteger(fault.slow) && fault.slow >= 0 && fault.slow <= MAX_SLOW_MS) {
    return fault;
  }
  throw new TypeError("the fault must be 'slow', { slow: milliseconds }, 'lost', 'EXPIRED' or 'INTERNAL_ERROR'");
}
