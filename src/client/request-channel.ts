import type { ChannelModel, ConfirmChannel, ConsumeMessage, Message } from 'amqplib';

import { closeReasonOf, isChannelClosing, isNack, maxBodyOf } from '../amqp/connection/broker-errors.ts';
import type { ChannelUser } from '../amqp/connection/supervised-channel.ts';
import { headersOf } from '../amqp/wire/messages.ts';
import { HEADERS } from '../protocol/catalogue.ts';
import { backOffMs } from '../time/retry.ts';
import type { Call } from './call.ts';
import { ContactsError, RequestFailedError, UnroutableError } from './errors.ts';
import type { ClientSettings } from './options.ts';
import { consumeAnswers } from './reply-queue.ts';
import { routingKeyFor } from './requests.ts';

/** What the channel needs of the client. */
export interface RequestChannelHost {
  /** Calls in flight by `correlation_id`, in the order in which they started. */
  readonly inFlight: ReadonlyMap<string, Call>;
  /** Replaces the channel. */
  rebuild(reason: string): void;
}

/**
 * Requests that ended without a confirm and are remembered on one channel; with more the channel is
 * replaced.
 */
const MAX_ABANDONED = 10_000;
const ACCESS_REFUSED = 403;
const NOT_FOUND = 404;

/** A channel that is up. */
interface Lane {
  readonly channel: ConfirmChannel;
  readonly replyTo: string;
  unconfirmed: number;
  /** Its buffer is full, or it is closing. */
  congested: boolean;
}

/**
 * Sends requests and receives their answers on one channel, as direct reply-to demands. A request
 * stays with its call: when the channel is lost, every call in flight is sent again on the next
 * one, with the same `message_id`.
 */
export class RequestChannel implements ChannelUser<ConfirmChannel> {
  /** Requests that were sent once more. */
  retried = 0;
  /** Answers to no call in flight: late ones, repeated ones, and what others sent. */
  ignoredAnswers = 0;
  readonly #settings: ClientSettings;
  readonly #host: RequestChannelHost;
  #unsent = new Set<Call>();
  #lane: Lane | undefined;
  #replyTo = '';
  #blocked = false;
  #flushing = false;
  /** A request was confirmed since the last try to connect. */
  #worked = false;
  /** The largest body that the broker accepts, in bytes, once it has refused a larger one. */
  #largestBody = Infinity;

  constructor(settings: ClientSettings, host: RequestChannelHost) {
    this.#settings = settings;
    this.#host = host;
  }

  /** Whether a request would be sent at once. */
  get connected(): boolean {
    return this.#lane?.congested === false && !this.#blocked;
  }

  /** Sends the call's request, now or once the channel accepts it. */
  send(call: Call): void {
    call.state = 'unsent';
    this.#unsent.add(call);
    this.#flush();
  }

  /** Drops a call that has ended. */
  forget(call: Call): void {
    this.#unsent.delete(call);
  }

  open(model: ChannelModel): Promise<ConfirmChannel> {
    return model.createConfirmChannel();
  }

  async setUp(channel: ConfirmChannel, model: ChannelModel): Promise<void> {
    const { replyQueue } = this.#settings;
    this.#replyTo = await consumeAnswers(channel, model, replyQueue, (message) => {
      if (message === null) this.#host.rebuild('the broker cancelled the consumer of answers');
      else this.#receive(message);
    });
  }

  up(channel: ConfirmChannel): void {
    const lane: Lane = { channel, replyTo: this.#replyTo, unconfirmed: 0, congested: false };
    channel.on('return', (message: Message) => this.#returned(message));
    channel.on('error', (error: Error) => this.#closedByBroker(lane, error));
    channel.on('drain', () => {
      lane.congested = false;
      this.#flush();
    });
    this.#lane = lane;
    this.#flush();
  }

  down(): void {
    this.#lane = undefined;
    this.#blocked = false;
    for (const call of this.#host.inFlight.values()) {
      if (call.state !== 'unsent') this.retried += 1;
      call.state = 'unsent';
    }
    this.#unsent = new Set(this.#host.inFlight.values());
  }

  /**
   * A connection that worked is replaced almost at once; where that fails, the usual back-off
   * follows.
   */
  retriesFast(): boolean {
    const worked = this.#worked;
    this.#worked = false;
    return worked;
  }

  blocked(blocked: boolean): void {
    this.#blocked = blocked;
    this.#flush();
  }

  #flush(): void {
    const lane = this.#lane;
    // A call that fails here starts another, which the loop comes to.
    if (lane === undefined || this.#flushing) return;
    this.#flushing = true;
    for (const call of this.#unsent) {
      if (this.#blocked || lane.congested) break;
      this.#unsent.delete(call);
      this.#publish(lane, call);
    }
    this.#flushing = false;
  }

  #publish(lane: Lane, call: Call): void {
    const { document, messageId, id: correlationId, deadline } = call.request;
    const { queue, queues, appId } = this.#settings;
    const [exchange, routingKey] =
      queues === 1 ? ['', queue] : [queue, routingKeyFor(document, messageId, this.#settings.routingKeyIn)];
    if (document.body.length > this.#largestBody) return call.fail(tooLarge(this.#largestBody, messageId));
    const headers = deadline === undefined ? NO_HEADERS : { [HEADERS.deadline]: deadline };
    const { replyTo } = lane;
    const properties = { type: document.method, messageId, correlationId, replyTo, headers };
    const options = { ...properties, ...(appId !== undefined && { appId }), ...COMMON };
    call.state = 'sent';
    call.sendings += 1;
    lane.unconfirmed += 1;
    try {
      const room = lane.channel.publish(exchange, routingKey, document.body, options, (error: unknown) =>
        this.#confirmed(lane, call, error),
      );
      if (!room) lane.congested = true;
    } catch (error) {
      // On a channel that is closing it is sent again by the next one.
      if (!isChannelClosing(error)) call.fail(error);
    }
    if (lane.unconfirmed > this.#settings.maxInFlight + MAX_ABANDONED) {
      lane.congested = true;
      this.#host.rebuild('the broker confirms no requests');
    }
  }

  #confirmed(lane: Lane, call: Call, error: unknown): void {
    lane.unconfirmed -= 1;
    if (lane !== this.#lane || call.state !== 'sent') return;
    this.#worked = true;
    if (error === null) call.state = 'confirmed';
    else if (isNack(error)) this.#refused(call);
  }

  /** The queue is full, or the broker cannot store the request now. */
  #refused(call: Call): void {
    call.refusals += 1;
    call.state = 'unsent';
    call.retryAfter(backOffMs(call.refusals), () => {
      if (call.state !== 'unsent') return;
      this.retried += 1;
      this.send(call);
    });
  }

  #returned({ properties }: Message): void {
    const call = this.#host.inFlight.get(String(properties.correlationId));
    call?.fail(new UnroutableError(this.#settings.queue, detailsOf(call)));
  }

  #receive(message: ConsumeMessage): void {
    const call = this.#host.inFlight.get(String(message.properties.correlationId));
    if (call === undefined) this.ignoredAnswers += 1;
    else call.answer(message.content, headersOf(message));
  }

  /**
   * Sending again cannot help where the user may not send, or the request is longer than the broker
   * accepts.
   */
  #closedByBroker(lane: Lane, error: Error): void {
    // The channel is closed for the broker already: a frame on it would cost the connection.
    lane.congested = true;
    const reason = closeReasonOf(error);
    if (lane !== this.#lane || reason === undefined) return;
    const { queue, queues } = this.#settings;
    const largest = maxBodyOf(reason);
    this.#largestBody = Math.min(this.#largestBody, largest);
    // Calls that start meanwhile, in the place of those that fail, are not sent yet.
    for (const call of this.#host.inFlight.values()) {
      const { messageId, document } = call.request;
      if (call.state !== 'sent') continue;
      if (document.body.length > largest) call.fail(tooLarge(largest, messageId));
      else if (reason.code === NOT_FOUND && queues > 1) {
        // Requests that were sent before somebody removed the exchange may have been routed.
        call.fail(new UnroutableError(queue, { messageId, outcomeUnknown: true }));
      } else if (reason.code === ACCESS_REFUSED) {
        const message = `the broker does not let this user send: ${reason.text}`;
        call.fail(new ContactsError('ACCESS_REFUSED', message, detailsOf(call)));
      }
    }
  }
}

/** One object: amqplib makes the headers a prototype, for which V8 keeps a hidden class of its own. */
const NO_HEADERS = Object.freeze({});

const COMMON = { persistent: true, mandatory: true, contentType: 'application/xml' } as const;

/** Of an error that says that this sending had no effect; an earlier one may have had its effect. */
function detailsOf({ request: { messageId }, sendings }: Call): {
  readonly messageId: string;
  readonly outcomeUnknown: boolean;
} {
  return { messageId, outcomeUnknown: sendings > 1 };
}

function tooLarge(largest: number, messageId: string): RequestFailedError {
  const message = `the request is longer than the ${largest} bytes that the broker accepts`;
  return new RequestFailedError([{ code: 'REQUEST_TOO_LARGE', message }], messageId);
}
