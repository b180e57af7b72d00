import type { Channel, ChannelModel } from 'amqplib';

import { CautiousPrefetch, deliveryCountOf } from './cautious-prefetch.ts';
import type { ConnectionSettings } from '../connection/connection.ts';
import type { ConsumerEvents, Settled } from './consumer-events.ts';
import { requestQueueOf, type ConsumerSettings, type Handler } from './consumer-settings.ts';
import { DeadLetterPublisher } from './dead-letter-publisher.ts';
import { SupervisedChannel, type ChannelUser } from '../connection/supervised-channel.ts';
import { deliveryOf } from '../wire/messages.ts';
import type { Publisher } from '../publisher/publisher.ts';
import { QueueDeclaration } from './queue-declaration.ts';
import type { QueuePoller } from './queue-poller.ts';
import { Settling, type Delivered } from './settling.ts';
import { StallWatchdog } from './stall-watchdog.ts';
import { Subscription } from './subscription.ts';

/**
 * Consumes requests, passes each to the handler, and settles it once, on its own channel.
 *
 * The room: queue-declaration.ts declares the queues; subscription.ts consumes on one channel;
 * settling.ts, unsettled-deliveries.ts and ack-batch.ts settle; dead-letter-publisher.ts publishes what
 * dead-letter-message.ts builds; cautious-prefetch.ts isolates requests that end processes;
 * stall-watchdog.ts, with queue-poller.ts and stall-detector.ts, acts when nothing is delivered. Of
 * several queues, hand-over.ts passes one on in order, and queue-share.ts divides them.
 */
export class Consumer implements ChannelUser<Channel> {
  readonly #settings: ConsumerSettings & { readonly timeoutMs: number };
  readonly #handle: Handler;
  readonly #deadLetters: DeadLetterPublisher;
  readonly #settling: Settling;
  readonly #events: ConsumerEvents;
  readonly #channel: SupervisedChannel<Channel>;
  readonly #queues: QueueDeclaration;
  readonly #cautiousPrefetch: CautiousPrefetch;
  readonly #stallWatchdog: StallWatchdog;
  /** The current one, and earlier ones with deliveries in flight. */
  readonly #subscriptions = new Set<Subscription>();
  #subscription: Subscription | undefined;
  #poller: QueuePoller | undefined;
  #active = true;
  #paused = false;
  #releasing = false;
  #claimed: number | undefined;
  #onDrained: (() => void) | undefined;

  constructor(
    connection: ConnectionSettings,
    settings: ConsumerSettings,
    handle: Handler,
    publisher: Publisher,
    events: ConsumerEvents,
  ) {
    const { exitWhenStuckMs: exitAfterMs, several } = settings;
    const queue = requestQueueOf(settings);
    this.#settings = { ...settings, timeoutMs: connection.timeoutMs };
    this.#handle = handle;
    this.#deadLetters = new DeadLetterPublisher(publisher, queue, events);
    this.#settling = new Settling(this.#deadLetters, events, (from, how, ms) => this.#settled(from, how, ms));
    this.#events = events;
    this.#queues = new QueueDeclaration(queue, settings.declareExchange, events);
    this.#cautiousPrefetch = new CautiousPrefetch((reason) => {
      events.cautious(reason);
      this.#subscription?.review();
    });
    this.#stallWatchdog = new StallWatchdog(
      { connection, queue, exitAfterMs, several },
      {
        shouldConsume: () => this.#wanted,
        url: () => this.#channel.url,
        polled: () => this.#cautiousPrefetch.tick(),
        onRemedy: (remedy, waiting) => events.stalled(remedy, waiting),
        claim: () => this.#claim(),
        rebuild: (reason) => this.#channel.rebuild(reason),
        reconnect: (reason) => this.#channel.reconnect(reason),
      },
    );
    this.#channel = new SupervisedChannel('consume', connection, this, events);
  }

  /** Rejects when a retry cannot help, with `TopologyMismatchError` or `ConsumerStuckError`. */
  get ended(): Promise<void> {
    return Promise.race([this.#channel.ended, this.#stallWatchdog.failed]);
  }

  /** Resolves when the channel is first up, or was stopped before. Rejects as `ended` does. */
  get started(): Promise<void> {
    return this.#channel.started;
  }

  /** Whether the consumer is subscribed, and the broker delivers where requests wait. */
  get ready(): boolean {
    return this.#wanted && this.#subscription?.consuming === true && !this.#stallWatchdog.stalled;
  }

  trouble(): string | undefined {
    return this.#channel.trouble;
  }

  get inFlight(): number {
    return [...this.#subscriptions].reduce((sum, { held }) => sum + held, 0);
  }

  /** Messages in the request queue and its dead-letter queue at the last poll; empty before. */
  get depths(): ReadonlyMap<string, number> {
    return this.#stallWatchdog.depths;
  }

  get oldestRequestAgeS(): number {
    return Math.max(0, ...[...this.#subscriptions].map((subscription) => subscription.oldestRequestAgeS));
  }

  open(model: ChannelModel): Promise<Channel> {
    return model.createChannel();
  }

  async setUp(channel: Channel, model: ChannelModel): Promise<void> {
    const { several, priority } = this.#settings;
    // Before the first await: an abandoned set-up that goes on reaches a dropped subscription.
    const subscription: Subscription = new Subscription(channel, this.#settings, this.#claimed ?? priority, {
      shouldConsume: () => this.#wanted,
      oneAtATime: () => this.#cautiousPrefetch.oneAtATime,
      received: (message) => this.#receive({ subscription, message }),
      lost: (message) => {
        this.#events.delivered(message.fields.redelivered);
        subscription.lose(message, (_, ms) => this.#settled(subscription, 'lost', ms));
      },
      failed: (reason) => this.#channel.rebuild(reason),
      release: (reason) => this.#release(reason),
    });
    this.#subscription = subscription;
    this.#subscriptions.add(subscription);
    await this.#queues.declare(model);
    await subscription.start();
    const polling = await model.createChannel();
    await several?.roster.join(polling);
    if (subscription === this.#subscription) this.#poller = this.#stallWatchdog.watch(polling, subscription);
  }

  up(): void {
    // It consumes since its set-up; whether it should may have changed meanwhile.
    this.#subscription?.review();
  }

  down(): void {
    const subscription = this.#subscription;
    this.#subscription = undefined;
    this.#poller?.stop();
    this.#poller = undefined;
    const isLoss = !this.#releasing;
    this.#releasing = false;
    if (subscription === undefined) return;
    if (isLoss && subscription.mayCharge && this.#active) this.#cautiousPrefetch.lost();
    subscription.drop();
    if (subscription.held === 0) this.#subscriptions.delete(subscription);
  }

  retriesFast(): boolean {
    return this.#cautiousPrefetch.retriesFast();
  }

  /** Pauses consumption, or resumes it as far as deliveries in flight leave room. Never rejects. */
  pause(paused: boolean): Promise<void> {
    this.#paused = paused;
    return this.#adjust();
  }

  /** Stops for good: deliveries in flight continue, held dead letters are requeued. Never rejects. */
  async stopConsuming(): Promise<void> {
    this.#active = false;
    this.#deadLetters.stop();
    await this.#adjust();
  }

  /** Resolves when every delivery that has begun is settled. */
  drained(): Promise<void> {
    if (this.#executing === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#onDrained = resolve));
  }

  /** Requeues every unsettled delivery and ignores later settlements. Returns their number. */
  requeueUnsettled(): number {
    const rest = [...this.#subscriptions].flatMap((subscription) =>
      subscription.unsettled().map((message) => ({ subscription, message })),
    );
    for (const delivered of rest) this.#settling.settle(delivered, 'handed-back');
    return rest.length;
  }

  /** Closes the channel; the broker requeues what is unsettled. Idempotent; never rejects. */
  async stop(): Promise<void> {
    await this.stopConsuming();
    await this.#channel.stop();
  }

  get #executing(): number {
    return [...this.#subscriptions].reduce((sum, { executing }) => sum + executing, 0);
  }

  get #wanted(): boolean {
    return this.#active && !this.#paused;
  }

  #release(reason: string): void {
    this.#releasing = true;
    this.#events.handedOver(this.#settings.queue, reason);
    this.#channel.replace(reason);
  }

  /** The broker prefers the consumer of the highest priority, and waits until the active one is idle. */
  #claim(): void {
    // A later claim wins.
    this.#claimed = Math.floor(Date.now() / 1000);
    this.#release('a part of the queues is claimed');
  }

  /** Starts or cancels consumption as needed. Never rejects: a failure replaces the channel. */
  async #adjust(): Promise<void> {
    await this.#subscription?.adjust().catch((error: unknown) => {
      this.#channel.rebuild(error instanceof Error ? error.message : 'consuming failed');
    });
  }

  #receive(delivered: Delivered): void {
    const { subscription, message } = delivered;
    this.#stallWatchdog.recordProgress();
    this.#events.delivered(message.fields.redelivered);
    const suspicious = this.#cautiousPrefetch.delivered(message);
    if (this.#cautiousPrefetch.oneAtATime && !subscription.isAlone(message)) {
      void subscription.requeueAside(message, (lost, ms) =>
        this.#settled(subscription, lost ? 'lost' : 'handed-back', ms),
      );
      return;
    }
    if (suspicious) this.#events.charged(deliveryCountOf(message));
    this.#handle(deliveryOf(message, subscription))
      .then((settlement) => this.#settling.carryOut(delivered, settlement))
      .catch((error: unknown) => {
        this.#events.handlerFailed(error);
        this.#settling.settle(delivered, 'handed-back');
      });
  }

  #settled(subscription: Subscription, how: Settled, ms: number): void {
    this.#events.settled(how, ms);
    this.#stallWatchdog.recordProgress();
    if (how === 'acknowledged' || how === 'dead-lettered') this.#cautiousPrefetch.recordSuccess();
    if (subscription.held === 0 && subscription !== this.#subscription) this.#subscriptions.delete(subscription);
    if (this.#onDrained !== undefined && this.#executing === 0) this.#onDrained();
  }
}
