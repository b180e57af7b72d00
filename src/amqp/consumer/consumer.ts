import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';

import type { Delivery } from '../../protocol/delivery.ts';
import type { Settlement } from '../../protocol/settlement.ts';
import { CautiousPrefetch, deliveryCountOf } from './cautious-prefetch.ts';
import type { ConnectionSettings } from '../connection/connection.ts';
import type { ConsumerEvents, Settled } from './consumer-events.ts';
import { DeadLetterPublisher, type DeadLetterOutcome } from './dead-letter-publisher.ts';
import { SupervisedChannel, type ChannelUser } from '../connection/supervised-channel.ts';
import { deliveryOf } from '../wire/messages.ts';
import type { Publisher } from '../publisher/publisher.ts';
import { QueueDeclaration } from './queue-declaration.ts';
import type { QueuePoller } from './queue-poller.ts';
import { StallWatchdog } from './stall-watchdog.ts';
import { Subscription } from './subscription.ts';
import { deadLetterQueueOf } from '../connection/topology.ts';

export interface ConsumerSettings {
  readonly queue: string;
  /** Deliveries held unsettled at most, 1 … 2000. */
  readonly prefetch: number;
  /** How long requests may wait with nothing taken before `ended` rejects with `ConsumerStuckError`, in milliseconds; 0 = never. */
  readonly exitWhenStuckMs: number;
}

interface Delivered {
  readonly subscription: Subscription;
  readonly message: ConsumeMessage;
}

/** Turns a delivery into its settlement. Must not reject. */
export type Handler = (delivery: Delivery) => Promise<Settlement>;

/** Takes requests from the queue, hands each to the handler and carries out its settlement, once, on its own channel. */
export class Consumer implements ChannelUser<Channel> {
  readonly #settings: ConsumerSettings & { readonly timeoutMs: number };
  readonly #handle: Handler;
  readonly #deadLetters: DeadLetterPublisher;
  readonly #events: ConsumerEvents;
  readonly #channel: SupervisedChannel<Channel>;
  readonly #queues: QueueDeclaration;
  readonly #cautiousPrefetch: CautiousPrefetch;
  readonly #stallWatchdog: StallWatchdog;
  /** The present one, and earlier ones of which deliveries are under way. */
  readonly #subscriptions = new Set<Subscription>();
  #subscription: Subscription | undefined;
  #poller: QueuePoller | undefined;
  #active = true;
  #paused = false;
  #onDrained: (() => void) | undefined;

  constructor(
    connection: ConnectionSettings,
    settings: ConsumerSettings,
    handle: Handler,
    publisher: Publisher,
    events: ConsumerEvents,
  ) {
    const { queue, exitWhenStuckMs: exitAfterMs } = settings;
    const { timeoutMs } = connection;
    this.#settings = { ...settings, timeoutMs };
    this.#handle = handle;
    this.#deadLetters = new DeadLetterPublisher(publisher, settings.queue, events);
    this.#events = events;
    this.#queues = new QueueDeclaration(queue, events);
    this.#cautiousPrefetch = new CautiousPrefetch((reason) => {
      events.cautious(reason);
      this.#subscription?.review();
    });
    this.#stallWatchdog = new StallWatchdog(
      { queues: [queue, deadLetterQueueOf(queue)], timeoutMs, exitAfterMs },
      {
        shouldConsume: () => this.#wanted,
        polled: () => this.#cautiousPrefetch.tick(),
        applied: (remedy, waiting) => events.stalled(remedy, waiting),
        rebuild: (reason) => this.#channel.rebuild(reason),
        reconnect: (reason) => this.#channel.reconnect(reason),
      },
    );
    this.#channel = new SupervisedChannel('consume', connection, this, events);
  }

  /** Rejects when trying again cannot help, with `TopologyMismatchError` or `ConsumerStuckError`. */
  get ended(): Promise<void> {
    return Promise.race([this.#channel.ended, this.#stallWatchdog.failed]);
  }

  /** Resolves when the link is up for the first time, or was stopped before; rejects as `ended` does. */
  get started(): Promise<void> {
    return this.#channel.started;
  }

  /** Whether the broker hands out requests to us, and does so where some wait. */
  get ready(): boolean {
    return this.#wanted && this.#subscription?.consuming === true && !this.#stallWatchdog.stalled;
  }

  get inFlight(): number {
    let held = 0;
    for (const subscription of this.#subscriptions) held += subscription.held;
    return held;
  }

  /** How many messages waited in the request queue and its dead-letter queue at the last look; empty before the first. */
  get depths(): ReadonlyMap<string, number> {
    return this.#stallWatchdog.depths;
  }

  open(model: ChannelModel): Promise<Channel> {
    return model.createChannel();
  }

  async setUp(channel: Channel, model: ChannelModel): Promise<void> {
    // Made before anything is waited for: what this set-up does after it was given up reaches a dropped subscription.
    const subscription: Subscription = new Subscription(channel, this.#settings, {
      shouldConsume: () => this.#wanted,
      oneAtATime: () => this.#cautiousPrefetch.oneAtATime,
      received: (message) => this.#receive({ subscription, message }),
      failed: (reason) => this.#channel.rebuild(reason),
    });
    this.#subscription = subscription;
    this.#subscriptions.add(subscription);
    await this.#queues.declare(model);
    await subscription.start();
    const looking = await model.createChannel();
    if (subscription === this.#subscription) this.#poller = this.#stallWatchdog.watch(looking, subscription);
  }

  up(): void {
    // It has taken requests since its set-up; whether it should may have changed meanwhile.
    this.#subscription?.review();
  }

  down(): void {
    const subscription = this.#subscription;
    this.#subscription = undefined;
    this.#poller?.stop();
    this.#poller = undefined;
    if (subscription === undefined) return;
    if (subscription.mayCharge && this.#active) this.#cautiousPrefetch.lost();
    subscription.drop();
    if (subscription.held === 0) this.#subscriptions.delete(subscription);
  }

  retriesFast(): boolean {
    return this.#cautiousPrefetch.retriesFast();
  }

  /** Takes no requests for a time, or takes them again as far as those leave room that are under way. Never rejects. */
  pause(paused: boolean): Promise<void> {
    this.#paused = paused;
    return this.#adjust();
  }

  /** Takes no more requests, for good. What was delivered before stays under way, but for what the dead-letter queue does not take. Idempotent; never rejects. */
  async stopConsuming(): Promise<void> {
    this.#active = false;
    this.#deadLetters.stop();
    await this.#adjust();
  }

  /** Resolves when every delivery is settled. */
  drained(): Promise<void> {
    if (this.inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#onDrained = resolve));
  }

  /** Hands every unsettled delivery back to the queue; what its handler says later is ignored. Returns their number. */
  requeueUnsettled(): number {
    const rest = [...this.#subscriptions].flatMap((subscription) =>
      subscription.unsettled().map((message) => ({ subscription, message })),
    );
    for (const delivered of rest) this.#settle(delivered, 'handed-back');
    return rest.length;
  }

  /** Closes channel and connection; the broker requeues what is unsettled. Idempotent; never rejects. */
  async stop(): Promise<void> {
    await this.stopConsuming();
    await this.#channel.stop();
  }

  get #wanted(): boolean {
    return this.#active && !this.#paused;
  }

  /** Consumes or cancels as is wanted now. Never rejects: a step that fails costs the channel. */
  async #adjust(): Promise<void> {
    try {
      await this.#subscription?.adjust();
    } catch (error) {
      this.#channel.rebuild(error instanceof Error ? error.message : 'consuming failed');
    }
  }

  #receive(delivered: Delivered): void {
    const { subscription, message } = delivered;
    this.#stallWatchdog.recordProgress();
    this.#events.delivered(message.fields.redelivered);
    const suspicious = this.#cautiousPrefetch.delivered(message);
    if (this.#cautiousPrefetch.oneAtATime && !subscription.isAlone(message)) {
      void subscription.requeueAside(message, (lost) => this.#settled(subscription, lost ? 'lost' : 'handed-back'));
      return;
    }
    if (suspicious) this.#events.charged(deliveryCountOf(message));
    this.#handle(deliveryOf(message, subscription))
      .then((settlement) => this.#carryOut(delivered, settlement))
      .catch((error: unknown) => {
        this.#events.handlerFailed(error);
        this.#settle(delivered, 'handed-back');
      });
  }

  async #carryOut(delivery: Delivered, settlement: Settlement): Promise<void> {
    if (settlement.kind === 'acknowledge') return this.#settle(delivery, 'acknowledged');
    if (settlement.kind === 'hand-back') return this.#settle(delivery, 'handed-back');
    const { subscription, message } = delivery;
    const gone = (): boolean => subscription.gone || !subscription.holds(message);
    const outcome = await this.#deadLetters.publish(message, settlement.diagnosis, gone);
    if (outcome !== 'handed-back') this.#events.deadLettered(settlement.diagnosis);
    this.#settle(delivery, outcome, outcome === 'handed-back' ? undefined : settlement.acknowledged);
  }

  /** `acknowledged` is called where, and when, the broker has the settlement for certain. */
  #settle(
    { subscription, message }: Delivered,
    how: 'acknowledged' | DeadLetterOutcome,
    acknowledged?: () => void,
  ): void {
    const settled = how === 'unsendable' ? 'dead-lettered' : how;
    const onSettled = (lost: boolean): void => {
      this.#settled(subscription, lost ? 'lost' : settled);
      if (!lost && acknowledged !== undefined) void subscription.flushed().then(acknowledged, () => undefined);
    };
    if (how === 'handed-back') subscription.requeue(message, onSettled);
    else if (how === 'unsendable') subscription.deadLetter(message, onSettled);
    else subscription.acknowledge(message, onSettled);
  }

  #settled(subscription: Subscription, how: Settled): void {
    this.#events.settled(how);
    this.#stallWatchdog.recordProgress();
    if (how === 'acknowledged' || how === 'dead-lettered') this.#cautiousPrefetch.recordSuccess();
    if (subscription.held === 0 && subscription !== this.#subscription) this.#subscriptions.delete(subscription);
    if (this.#onDrained !== undefined && this.inFlight === 0) this.#onDrained();
  }
}
