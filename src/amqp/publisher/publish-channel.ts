import type { ConfirmChannel, Message } from 'amqplib';

import { closeReasonOf, type CloseReason } from '../connection/broker-errors.ts';
import { publishIdOf } from '../wire/messages.ts';
import type { Pending } from './pending.ts';
import { isChannelClosing, isNack } from '../connection/broker-errors.ts';

/** What the broker did with a message: gave it to a queue, found no queue for it, or had it refused by the queue. */
export type BrokerAnswer = 'routed' | 'returned' | 'nacked';

export interface PublishChannelEvents {
  answered(channel: PublishChannel, pending: Pending, answer: BrokerAnswer): void;
  /** An answer for a message that was given up before. */
  late(pending: Pending): void;
}

/** Nobody declares a queue of this name: the broker confirms such a message at once, without asking any queue. */
const PROBE_QUEUE = 'contacts-worker.probe';

/** One confirm channel and what was sent on it. The broker processes it in order, and confirms in any. */
export class PublishChannel {
  readonly channel: ConfirmChannel;
  /** Sent and not answered, by id, oldest first. */
  readonly unconfirmed = new Map<string, Pending>();
  /** Resolves when the channel is closed, by whomever. */
  readonly closed: Promise<false>;
  /** The channel's buffer is full. */
  congested = false;
  /** The broker has processed all that was sent up to this place. */
  processed = 0;
  /** Why the broker closed the channel, where it did. */
  closedBy: CloseReason | undefined;
  isOpen = true;
  /** The place of the first message that was given up: from there on amqplib keeps a word for each further message. */
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

  /** Messages sent so far. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Sends; `false` where AMQP cannot carry the message. On a channel that is just closing it is kept as unconfirmed. */
  send(pending: Pending, now: number): boolean {
    const { message, id } = pending;
    this.#sequence += 1;
    const sequence = this.#sequence;
    pending.sequence = sequence;
    pending.sentAt = now;
    pending.returned = false;
    this.unconfirmed.set(id, pending);
    try {
      const options = { ...message.options(id, this.#frameMax), mandatory: true };
      const room = this.channel.publish('', message.queue, message.body, options, (error: unknown) =>
        this.#confirmed(pending, sequence, error),
      );
      if (!room) this.congested = true;
      return true;
    } catch (error) {
      if (isChannelClosing(error)) return true;
      this.unconfirmed.delete(id);
      return false;
    }
  }

  /** Resolves with `true` when the broker has processed all that was sent before, with `false` when the channel is gone. */
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
        // The channel is closing: it will be gone.
      }
    });
    return Promise.race([confirmed, this.closed]);
  }

  /** Waits for this message no longer. */
  abandon(pending: Pending): void {
    this.unconfirmed.delete(pending.id);
    this.firstAbandoned ??= pending.sequence;
  }

  /** Gives back what is unconfirmed, oldest first. */
  takeUnconfirmed(): Pending[] {
    const unconfirmed = [...this.unconfirmed.values()];
    this.unconfirmed.clear();
    return unconfirmed;
  }

  /** Closes the channel, whenever the broker comes to it. */
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
    if (!this.unconfirmed.delete(pending.id)) return this.#events.late(pending);
    const recordRouted = pending.returned ? 'returned' : 'routed';
    this.#events.answered(this, pending, nacked ? 'nacked' : recordRouted);
  }

  #returned(message: Message): void {
    const pending = this.unconfirmed.get(publishIdOf(message) ?? '');
    if (pending !== undefined) pending.returned = true;
  }
}

/** The largest frame agreed on with the broker, in bytes; amqplib's types do not show it. */
function frameMaxOf(channel: ConfirmChannel): number {
  const { connection } = channel as unknown as { connection?: { frameMax?: number } };
  return connection?.frameMax ?? SMALLEST_FRAME_MAX;
}

const SMALLEST_FRAME_MAX = 4_096;
