import type { Channel, ConsumeMessage, Options } from 'amqplib';

import { within } from '../../time/limit.ts';
import { HandOver } from './hand-over.ts';
import { oldestAgeS } from './oldest-request.ts';
import type { OpenConsumer, SubscriptionHost, SubscriptionSettings } from './subscription-settings.ts';
import { UnsettledDeliveries, type OnSettled } from './unsettled-deliveries.ts';

/** How long a larger consumer waits for room before it starts with the room there is. */
const MAX_GROWTH_WAIT_MS = 1_000;

/**
 * The consumer and the unsettled deliveries of one channel. Created and dropped with the channel,
 * so that a failed set-up leaves nothing behind.
 *
 * There is one consumer at a time: with two on a channel the broker redelivers requeued messages
 * out of order. The broker counts the prefetch per consumer, so that a new consumer gets what
 * deliveries of earlier ones leave of it.
 */
export class Subscription {
  readonly #channel: Channel;
  readonly #settings: SubscriptionSettings;
  readonly #host: SubscriptionHost;
  readonly #deliveries: UnsettledDeliveries;
  readonly #options: Options.Consume;
  /** Set where the queue has a single active consumer. */
  readonly #handOver: HandOver | undefined;
  #consumer: OpenConsumer | undefined;
  #consumers = 0;
  /** Between one consumer and the next. */
  #replacing = false;
  /** Minimum prefetch count of the next consumer that makes a replacement worthwhile. */
  #minSize = 1;
  #growthTimer: NodeJS.Timeout | undefined;
  #adjusting: Promise<void> = Promise.resolve();
  #started = false;
  #dropped = false;

  constructor(channel: Channel, settings: SubscriptionSettings, priority: number, host: SubscriptionHost) {
    this.#channel = channel;
    this.#settings = settings;
    this.#host = host;
    const mayWait = (waiting: number): boolean => (this.#consumer?.size ?? 0) > waiting;
    this.#deliveries = new UnsettledDeliveries(channel, (message) => this.#settled(message), mayWait);
    this.#options = { priority };
    if (settings.several !== undefined) this.#handOver = new HandOver(host, () => this.executing);
  }

  /** Whether the broker delivers, or will in a moment. */
  get consuming(): boolean {
    return !this.#dropped && (this.#consumer?.confirmed === true || this.#replacing);
  }

  /** Whether the end of the channel may have charged a request. */
  get mayCharge(): boolean {
    return this.held > 0 || this.consuming;
  }

  /** The channel is closed or about to be: the broker redelivers what is unsettled on it. */
  get gone(): boolean {
    return this.#dropped;
  }

  /** Number of unsettled deliveries. */
  get held(): number {
    return this.#deliveries.size;
  }

  /** Number of unsettled deliveries that have begun. */
  get executing(): number {
    return this.held - (this.#handOver?.parked ?? 0);
  }

  /** See oldest-request.ts. */
  get oldestRequestAgeS(): number {
    return oldestAgeS(this.unsettled().map(({ properties }) => properties.timestamp as unknown));
  }

  /** Whether the prefetch allows another delivery. */
  get hasRoom(): boolean {
    if (this.#consumer !== undefined) return this.#consumer.held < this.#consumer.size;
    return this.held < this.#settings.prefetch;
  }

  /** Starts to consume, if wanted. The queue must exist. Rejects where that fails. */
  start(): Promise<void> {
    this.#started = true;
    return this.adjust();
  }

  /** Starts, cancels or replaces the consumer, one step at a time. Rejects where that fails. */
  adjust(): Promise<void> {
    this.#adjusting = this.#adjusting.catch(() => undefined).then(() => this.#step());
    return this.#adjusting;
  }

  /** Calls `adjust` only where it is needed. Never throws: failures go to the host. */
  review(): void {
    if (this.#dropped) return;
    this.#handOver?.review();
    if (this.#consumer === undefined ? this.#nextSize() === 0 : this.#fits(this.#consumer)) return;
    this.adjust().catch((error: unknown) => {
      if (!this.#dropped) this.#host.failed(error instanceof Error ? error.message : 'consuming failed');
    });
  }

  /** Whether this delivery is the only one in flight, and stays so. */
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

  /** The channel closes, so that the broker redelivers it. */
  lose(message: ConsumeMessage, onSettled: OnSettled): void {
    this.#deliveries.lose(message, onSettled);
  }

  /** Whether this delivery is unsettled. */
  holds(message: ConsumeMessage): boolean {
    return this.#deliveries.has(message);
  }

  /**
   * Requeues a delivery that has to run alone. Waits until the consumer has changed, because the
   * broker would redeliver it at once.
   */
  async requeueAside(message: ConsumeMessage, onSettled: OnSettled): Promise<void> {
    this.review();
    await this.#adjusting.catch(() => undefined);
    this.requeue(message, onSettled);
  }

  /** Resolves when the broker has everything sent on the channel before: it answers in order. */
  flushed(): Promise<unknown> {
    const { prefetch, timeoutMs } = this.#settings;
    // Queued behind the changes of the consumer, each of which sets its own prefetch count.
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
   * The channel is closed or about to be: requeues what is unsettled. Later settlements are
   * reported as lost. Idempotent.
   */
  drop(): void {
    if (this.#dropped) return;
    this.#dropped = true;
    this.#consumer = undefined;
    clearTimeout(this.#growthTimer);
    this.#deliveries.sendAcknowledgements();
    // A single active consumer would get them again at once.
    if (this.#handOver === undefined) this.#deliveries.requeueAll();
    this.#handOver?.drop((message) => this.#host.lost(message));
  }

  #settled({ fields }: ConsumeMessage): void {
    if (this.#consumer?.tag === fields.consumerTag) this.#consumer.held -= 1;
    this.review();
  }

  async #step(): Promise<void> {
    if (this.#dropped) return;
    this.#handOver?.review();
    if (this.#consumer !== undefined && !this.#fits(this.#consumer)) {
      if (this.#handOver !== undefined) return this.#handOver.begin();
      await this.#cancel(this.#consumer);
    }
    const size = this.#consumer === undefined ? this.#nextSize() : 0;
    if (size > 0) await this.#consume(size);
  }

  /** The prefetch count to consume with now; 0 = not yet, or not at all. */
  #nextSize(): number {
    const free = this.#settings.prefetch - this.held;
    if (!this.#started || this.#dropped || free < 1 || !this.#host.shouldConsume()) return 0;
    if (this.#host.oneAtATime()) return this.#deliveries.othersAreStale(undefined) ? 1 : 0;
    return free >= this.#minSize ? free : 0;
  }

  /** Whether no other consumer would be better than this one. */
  #fits({ size, held }: OpenConsumer): boolean {
    const { prefetch } = this.#settings;
    if (!this.#host.shouldConsume()) return false;
    if (this.#handOver !== undefined) return size === (this.#host.oneAtATime() ? 1 : prefetch);
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
    const options = { consumerTag: consumer.tag, ...this.#options };
    const consuming = this.#channel.consume(queue, (message) => this.#receive(message), options);
    // At once: the same turn may bring the loss of the channel.
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
    if (this.#handOver?.park(message) !== true) this.#host.received(message);
  }
}
