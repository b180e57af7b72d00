import type { ConfirmChannel, Message } from 'amqplib';

import { closeReasonOf, type CloseReason } from '../connection/broker-errors.ts';
import { publishIdOf } from '../wire/messages.ts';
import type { Pending } from './pending.ts';
import { Unconfirmed } from './unconfirmed.ts';
import { isChannelClosing, isNack } from '../connection/broker-errors.ts';

/**
 * What the broker did with a message: routed it to a queue, returned it because there is no such
 * queue, or nacked it for its queue.
 */
export type BrokerAnswer = 'routed' | 'returned' | 'nacked';

export interface PublishChannelEvents {
  answered(channel: PublishChannel, pending: Pending, answer: BrokerAnswer): void;
  /** An answer to a message that was abandoned before. */
  late(pending: Pending): void;
}

/**
 * Nobody declares a queue of this name: the broker confirms such a message at once, without
 * involving a queue.
 */
const PROBE_QUEUE = 'contacts-worker.probe';

/**
 * One confirm channel and the messages in flight on it. The broker processes them in order, and
 * confirms in any order.
 */
export class PublishChannel {
  readonly channel: ConfirmChannel;
  readonly unconfirmed = new Unconfirmed();
  /** Resolves when either side closes the channel. */
  readonly closed: Promise<false>;
  /** Whether the channel's buffer is full. */
  congested = false;
  /** The broker has processed every message up to this position. */
  processed = 0;
  /** Why the broker closed the channel, if it did. */
  closedBy: CloseReason | undefined;
  isOpen = true;
  /**
   * Position of the first abandoned message. amqplib keeps an entry for each message from there on.
   */
  firstAbandoned: number | undefined;
  readonly #frameMax: number;
  readonly #events: PublishChannelEvents;
  #sequence = 0;

  constructor(channel: ConfirmChannel, events: PublishChannelEvents) {
    this.channel = channel;
    this.#events = events;
    this.#frameMax = frameMaxOf(channel);
    channel.on('error', (error: Error) => (this.closedBy = closeReasonOf(error)));
    channel.on('return', (message: Message) => this.#returned(message));
    this.closed = new Promise((resolve) => {
      channel.on('close', () => {
        this.isOpen = false;
        resolve(false);
      });
    });
  }

  /** Number of messages sent so far. */
  get sequence(): number {
    return this.#sequence;
  }

  /**
   * Sends the message. Returns `false` where AMQP cannot carry it. On a closing channel the message
   * stays unconfirmed.
   */
  send(pending: Pending, now: number): boolean {
    const { message, id } = pending;
    this.#sequence += 1;
    const sequence = this.#sequence;
    pending.sequence = sequence;
    pending.sentAt = now;
    pending.returned = false;
    this.unconfirmed.add(pending);
    try {
      const options = { ...message.options(id, this.#frameMax), mandatory: true };
      const room = this.channel.publish('', message.queue, message.body, options, (error: unknown) =>
        this.#confirmed(pending, sequence, error),
      );
      if (!room) this.congested = true;
      return true;
    } catch (error) {
      if (isChannelClosing(error)) return true;
      this.unconfirmed.remove(pending);
      return false;
    }
  }

  /**
   * Resolves with `true` when the broker has processed everything that was sent before, with
   * `false` when the channel closes.
   */
  probe(): Promise<boolean> {
    this.#sequence += 1;
    const sequence = this.#sequence;
    const confirmed = new Promise<true>((resolve) => {
      try {
        this.channel.publish('', PROBE_QUEUE, Buffer.alloc(0), {}, (error: unknown) => {
          if (error !== null) return;
          this.processed = Math.max(this.processed, sequence);
          resolve(true);
        });
      } catch {
        // The channel is closing.
      }
    });
    return Promise.race([confirmed, this.closed]);
  }

  /** Ends the wait for this message. */
  abandon(pending: Pending): void {
    this.unconfirmed.remove(pending);
    this.firstAbandoned ??= pending.sequence;
  }

  /** Closes the channel. Does not wait for the broker. */
  close(): void {
    try {
      this.channel.close().catch(() => undefined);
    } catch {
      // It is closed already.
    }
  }

  #confirmed(pending: Pending, sequence: number, error: unknown): void {
    const nacked = isNack(error);
    if (error !== null && !nacked) return; // The channel is closing.
    if (sequence > this.processed) this.processed = sequence;
    if (!this.unconfirmed.remove(pending)) return this.#events.late(pending);
    const confirmed = pending.returned ? 'returned' : 'routed';
    this.#events.answered(this, pending, nacked ? 'nacked' : confirmed);
  }

  #returned(message: Message): void {
    const pending = this.unconfirmed.find(publishIdOf(message) ?? '');
    if (pending !== undefined) pending.returned = true;
  }
}

/** The largest frame in bytes, as negotiated with the broker. amqplib's types do not declare it. */
function frameMaxOf(channel: ConfirmChannel): number {
  const { connection } = channel as unknown as { connection?: { frameMax?: number } };
  return connection?.frameMax ?? SMALLEST_FRAME_MAX;
}

const SMALLEST_FRAME_MAX = 4_096;
