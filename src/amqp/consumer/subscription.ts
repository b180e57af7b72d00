import type { Channel, ConsumeMessage } from 'amqplib';

import { within } from '../../time/limit.ts';
import { UnsettledDeliveries, type OnSettled } from './unsettled-deliveries.ts';

/** What the subscription asks its owner, and tells it. */
export interface SubscriptionHost {
  /** Whether requests are to be taken now. */
  shouldConsume(): boolean;
  /** Whether one at a time. */
  oneAtATime(): boolean;
  received(message: ConsumeMessage): void;
  /** The broker ended the consumer, or a change of it failed: the channel is of no more use. */
  failed(reason: string): void;
}

export interface SubscriptionSettings {
  readonly queue: string;
  /** Deliveries held unsettled at most, 1 … 2000. */
  readonly prefetch: number;
  /** Limit in milliseconds for each call to the broker. */
  readonly timeoutMs: number;
}

interface OpenConsumer {
  readonly tag: string;
  /** The broker hands out so many unsettled deliveries at most. */
  readonly size: number;
  /** Of them, those that are under way. */
  held: number;
  /** Whether the broker has said that it has it. */
  confirmed: boolean;
}

/** How long a larger consumer waits for room before it takes what there is. */
const MAX_GROWTH_WAIT_MS = 1_000;

/**
 * All that is known of the consuming on one channel: its consumer and its unsettled deliveries. It is made with the
 * channel and dropped with it, so that nothing outlives a set-up that failed.
 *
 * There is one consumer at a time: with two on a channel the broker hands out what comes back to the queue in another
 * order than the queue's. Prefetch is counted for each consumer, so that one that follows another gets what the
 * deliveries of the earlier ones leave of it.
 */
export class Subscription {
  readonly #channel: Channel;
  readonly #settings: SubscriptionSettings;
  readonly #host: SubscriptionHost;
  readonly #deliveries: UnsettledDeliveries;
  #consumer: OpenConsumer | undefined;
  #consumers = 0;
  /** Between a consumer and the next. */
  #replacing = false;
  /** What the next consumer must hold at least, so that the exchange is worth it. */
  #minSize = 1;
  #growthTimer: NodeJS.Timeout | undefined;
  #adjusting: Promise<void> = Promise.resolve();
  #started = false;
  #dropped = false;

  constructor(channel: Channel, settings: SubscriptionSettings, host: SubscriptionHost) {
    this.#channel = channel;
    this.#settings = settings;
    this.#host = host;
    this.#deliveries = new UnsettledDeliveries(channel, (message) => this.#settled(message));
  }

  /** Whether the broker hands out requests to us, or will in a moment. */
  get consuming(): boolean {
    return !this.#dropped && (this.#consumer?.confirmed === true || this.#replacing);
  }

  /** Whether the end of the channel may have charged a request. */
  get mayCharge(): boolean {
    return this.held > 0 || this.consuming;
  }

  /** The channel is closed, or about to be: the broker hands out again what was not settled on it. */
  get gone(): boolean {
    return this.#dropped;
  }

  /** Deliveries that are not settled. */
  get held(): number {
    return this.#deliveries.size;
  }

  /** Whether one more delivery could come. */
  get hasRoom(): boolean {
    if (this.#consumer !== undefined) return this.#consumer.held < this.#consumer.size;
    return this.held < this.#settings.prefetch;
  }

  /** Consumes from now on, as far as that is wanted: the queue is there. Rejects where that fails. */
  start(): Promise<void> {
    this.#started = true;
    return this.adjust();
  }

  /** Consumes, cancels or exchanges the consumer as is wanted now, one step at a time. Rejects where that fails. */
  adjust(): Promise<void> {
    this.#adjusting = this.#adjusting.catch(() => undefined).then(() => this.#step());
    return this.#adjusting;
  }

  /** The same where it is called for, and nothing where it is not. Never throws: the owner is told of a failure. */
  review(): void {
    if (this.#dropped || (this.#consumer === undefined ? this.#nextSize() === 0 : this.#fits(this.#consumer))) return;
    this.adjust().catch((error: unknown) => {
      if (!this.#dropped) this.#host.failed(error instanceof Error ? error.message : 'consuming failed');
    });
  }

  /** Whether this delivery is under way alone, and stays so. */
  isAlone(message: ConsumeMessage): boolean {
    return (
      this.#consumer?.tag === message.fields.consumerTag &&
      this.#consumer.size === 1 &&
      this.#deliveries.othersAreStale(message)
    );
  }

  acknowledge(message: ConsumeMessage, onSettled: OnSettled): void {
    this.#deliveries.acknowledge(message, onSettled);
  }

  requeue(message: ConsumeMessage, onSettled: OnSettled): void {
    this.#deliveries.requeue(message, onSettled);
  }

  deadLetter(message: ConsumeMessage, onSettled: OnSettled): void {
    this.#deliveries.deadLetter(message, onSettled);
  }

  /** Whether this delivery is not settled yet. */
  holds(message: ConsumeMessage): boolean {
    return this.#deliveries.has(message);
  }

  /** Hands back what has come beside others where it is to be alone: once no more comes, as it would come again at once. */
  async requeueAside(message: ConsumeMessage, onSettled: OnSettled): Promise<void> {
    this.review();
    await this.#adjusting.catch(() => undefined);
    this.requeue(message, onSettled);
  }

  /** Resolves when the broker has all that was sent on the channel before, as it answers in order. */
  flushed(): Promise<unknown> {
    const { prefetch, timeoutMs } = this.#settings;
    // In line with the changes of the consumer, each of which sets the prefetch count that it needs.
    this.#adjusting = this.#adjusting
      .catch(() => undefined)
      .then(async () => void (await within(timeoutMs, 'acknowledging', this.#channel.prefetch(prefetch))));
    return this.#adjusting;
  }

  /** Oldest first. */
  unsettled(): ConsumeMessage[] {
    return this.#deliveries.open();
  }

  /**
   * The channel is gone, or is about to be closed: then what is unsettled goes back to the queue first. Whoever settles
   * it learns that it is lost. Idempotent.
   */
  drop(): void {
    if (this.#dropped) return;
    this.#dropped = true;
    this.#consumer = undefined;
    clearTimeout(this.#growthTimer);
    this.#deliveries.requeueAll();
  }

  #settled({ fields }: ConsumeMessage): void {
    if (this.#consumer?.tag === fields.consumerTag) this.#consumer.held -= 1;
    this.review();
  }

  async #step(): Promise<void> {
    if (this.#dropped) return;
    if (this.#consumer !== undefined && !this.#fits(this.#consumer)) await this.#cancel(this.#consumer);
    const size = this.#consumer === undefined ? this.#nextSize() : 0;
    if (size > 0) await this.#consume(size);
  }

  /** With how much to consume now; 0 = not yet, or not at all. */
  #nextSize(): number {
    const free = this.#settings.prefetch - this.held;
    if (!this.#started || this.#dropped || free < 1 || !this.#host.shouldConsume()) return 0;
    if (this.#host.oneAtATime()) return this.#deliveries.othersAreStale(undefined) ? 1 : 0;
    return free >= this.#minSize ? free : 0;
  }

  /** Whether this consumer is as good as any that could take its place. */
  #fits({ size, held }: OpenConsumer): boolean {
    const { prefetch } = this.#settings;
    if (!this.#host.shouldConsume()) return false;
    if (this.#host.oneAtATime()) return size === 1 && (held < size || this.#nextSize() === 0);
    return size === prefetch || prefetch - this.held < Math.min(prefetch, 2 * size);
  }

  async #consume(size: number): Promise<void> {
    const { queue, timeoutMs } = this.#settings;
    await within(timeoutMs, 'setting the prefetch count', this.#channel.prefetch(size));
    if (this.#dropped) return;
    this.#consumers += 1;
    const consumer = { tag: `contacts-worker-${this.#consumers}`, size, held: 0, confirmed: false };
    this.#consumer = consumer;
    const receive = (message: ConsumeMessage | null): void => this.#receive(message);
    const consuming = this.#channel.consume(queue, receive, { consumerTag: consumer.tag });
    // At once: what comes in the same turn may be the loss of the channel.
    const confirmed = consuming.then(() => (consumer.confirmed = true));
    await within(timeoutMs, 'consuming', confirmed);
    clearTimeout(this.#growthTimer);
    this.#replacing = false;
    this.#minSize = 1;
    // What is wanted may have changed meanwhile.
    this.review();
  }

  async #cancel({ tag, size }: OpenConsumer): Promise<void> {
    this.#consumer = undefined;
    this.#replacing = this.#host.shouldConsume();
    if (this.#replacing && !this.#host.oneAtATime()) {
      this.#minSize = Math.min(this.#settings.prefetch, 2 * size);
      this.#growthTimer = setTimeout(() => {
        this.#minSize = 1;
        this.review();
      }, MAX_GROWTH_WAIT_MS);
    }
    await within(this.#settings.timeoutMs, 'cancelling the consumer', this.#channel.cancel(tag));
  }

  #receive(message: ConsumeMessage | null): void {
    if (this.#dropped) return;
    if (message === null) return this.#host.failed('the broker cancelled the consumer');
    this.#deliveries.add(message);
    if (this.#consumer?.tag === message.fields.consumerTag) this.#consumer.held += 1;
    this.#host.received(message);
  }
}
