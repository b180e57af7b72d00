import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';

import type { Delivery } from '../../protocol/delivery.ts';
import type { Settlement } from '../../protocol/settlement.ts';
import { CautiousPrefetch, deliveryCountOf } from './cautious-prefetch.ts';
import type { ConnectionSettings } from '../connection/connection.ts';
import type { ConsumerEvents, Settled } from './consumer-events.ts';
import { DeadLetterDelivery, type LetterOutcome } from './dead-letter-delivery.ts';
import { SupervisedChannel, type ChannelUser } from '../connection/supervised-channel.ts';
import { deliveryOf } from '../wire/messages.ts';
import type { Publisher } from '../publisher/publisher.ts';
import { QueueDeclaration } from './queue-declaration.ts';
import type { QueueWatch } from './queue-watch.ts';
import { Standstill } from './standstill.ts';
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
  readonly #letters: DeadLetterDelivery;
  readonly #events: ConsumerEvents;
  readonly #link: SupervisedChannel<Channel>;
  readonly #queues: QueueDeclaration;
  readonly #caution: CautiousPrefetch;
  readonly #standstill: Standstill;
  /** The present one, and earlier ones of which deliveries are under way. */
  readonly #subscriptions = new Set<Subscription>();
  #subscription: Subscription | undefined;
  #watch: QueueWatch | undefined;
  #taking = true;
  #paused = false;
  #idle: (() => void) | undefined;

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
    this.#letters = new DeadLetterDelivery(publisher, settings.queue, events);
    this.#events = events;
    this.#queues = new QueueDeclaration(queue, events);
    this.#caution = new CautiousPrefetch((reason) => {
      events.cautious(reason);
      this.#subscription?.review();
    });
    this.#standstill = new Standstill(
      { queues: [queue, deadLetterQueueOf(queue)], timeoutMs, exitAfterMs },
      {
        taking: () => this.#wanted,
        looked: () => this.#caution.tick(),
        told: (remedy, waiting) => events.standstill(remedy, waiting),
        rebuild: (reason) => this.#link.rebuild(reason),
        reconnect: (reason) => this.#link.reconnect(reason),
      },
    );
    this.#link = new SupervisedChannel('consume', connection, this, events);
  }

  /** Rejects when trying again cannot help, with `TopologyMismatchError` or `ConsumerStuckError`. */
  get ended(): Promise<void> {
    return Promise.race([this.#link.ended, this.#standstill.givenUp]);
  }

  /** Resolves when the link is up for the first time, or was stopped before; rejects as `ended` does. */
  get started(): Promise<void> {
    return this.#link.started;
  }

  /** Whether the broker hands out requests to us, and does so where some wait. */
  get ready(): boolean {
    return this.#wanted && this.#subscription?.consuming === true && !this.#standstill.stands;
  }

  get inFlight(): number {
    let held = 0;
    for (const subscription of this.#subscriptions) held += subscription.held;
    return held;
  }

  /** How many messages waited in the request queue and its dead-letter queue at the last look; empty before the first. */
  get depths(): ReadonlyMap<string, number> {
    return this.#standstill.depths;
  }

  open(model: ChannelModel): Promise<Channel> {
    return model.createChannel();
  }

  async setUp(channel: Channel, model: ChannelModel): Promise<void> {
    // Made before anything is waited for: what this set-up does after it was given up reaches a dropped subscription.
    const subscription: Subscription = new Subscription(channel, this.#settings, {
      taking: () => this.#wanted,
      solitary: () => this.#caution.solitary,
      received: (message) => this.#receive({ subscription, message }),
      failed: (reason) => this.#link.rebuild(reason),
    });
    this.#subscription = subscription;
    this.#subscriptions.add(subscription);
    await this.#queues.declare(model);
    await subscription.begin();
    const looking = await model.createChannel();
    if (subscription === this.#subscription) this.#watch = this.#standstill.watch(looking, subscription);
  }

  up(): void {
    // It has taken requests since its set-up; whether it should may have changed meanwhile.
    this.#subscription?.review();
  }

  down(): void {
    const subscription = this.#subscription;
    this.#subscription = undefined;
    this.#watch?.stop();
    this.#watch = undefined;
    if (subscription === undefined) return;
    if (subscription.exposed && this.#taking) this.#caution.lost();
    subscription.drop();
    if (subscription.held === 0) this.#subscriptions.delete(subscription);
  }

  hurried(): boolean {
    return this.#caution.hurried();
  }

  /** Takes no requests for a time, or takes them again as far as those leave room that are under way. Never rejects. */
  pause(paused: boolean): Promise<void> {
    this.#paused = paused;
    return this.#adjust();
  }

  /** Takes no more requests, for good. What was delivered before stays under way, but for what the dead-letter queue does not take. Idempotent; never rejects. */
  async takeNoMore(): Promise<void> {
    this.#taking = false;
    this.#letters.stop();
    await this.#adjust();
  }

  /** Resolves when every delivery is settled. */
  drained(): Promise<void> {
    if (this.inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#idle = resolve));
  }

  /** Hands every unsettled delivery back to the queue; what its handler says later is ignored. Returns their number. */
  handBackRest(): number {
    const rest = [...this.#subscriptions].flatMap((subscription) =>
      subscription.unsettled().map((message) => ({ subscription, message })),
    );
    for (const delivered of rest) this.#settle(delivered, 'handed-back');
    return rest.length;
  }

  /** Closes channel and connection; the broker requeues what is unsettled. Idempotent; never rejects. */
  async stop(): Promise<void> {
    await this.takeNoMore();
    await this.#link.stop();
  }

  get #wanted(): boolean {
    return this.#taking && !this.#paused;
  }

  /** Consumes or cancels as is wanted now. Never rejects: a step that fails costs the channel. */
  async #adjust(): Promise<void> {
    try {
      await this.#subscription?.adjust();
    } catch (error) {
      this.#link.rebuild(error instanceof Error ? error.message : 'consuming failed');
    }
  }

  #receive(delivered: Delivered): void {
    const { subscription, message } = delivered;
    this.#standstill.moved();
    this.#events.delivered(message.fields.redelivered);
    const suspicious = this.#caution.delivered(message);
    if (this.#caution.solitary && !subscription.isAlone(message)) {
      void subscription.handBackAside(message, (lost) => this.#settled(subscription, lost ? 'lost' : 'handed-back'));
      return;
    }
    if (suspicious) this.#events.charged(deliveryCountOf(message));
    this.#handle(deliveryOf(message, subscription))
      .then((settlement) => this.#carryOut(delivered, settlement))
      .catch((error: unknown) => {
        this.#events.broken(error);
        this.#settle(delivered, 'handed-back');
      });
  }

  async #carryOut(delivery: Delivered, settlement: Settlement): Promise<void> {
    if (settlement.kind === 'acknowledge') return this.#settle(delivery, 'acknowledged');
    if (settlement.kind === 'hand-back') return this.#settle(delivery, 'handed-back');
    const { subscription, message } = delivery;
    const gone = (): boolean => subscription.gone || !subscription.holds(message);
    const outcome = await this.#letters.deliver(message, settlement.diagnosis, gone);
    if (outcome !== 'handed-back') this.#events.deadLettered(settlement.diagnosis);
    this.#settle(delivery, outcome, outcome === 'handed-back' ? undefined : settlement.acknowledged);
  }

  /** `acknowledged` is called where, and when, the broker has the settlement for certain. */
  #settle({ subscription, message }: Delivered, how: 'acknowledged' | LetterOutcome, acknowledged?: () => void): void {
    const settled = how === 'unsendable' ? 'dead-lettered' : how;
    const told = (lost: boolean): void => {
      this.#settled(subscription, lost ? 'lost' : settled);
      if (!lost && acknowledged !== undefined) void subscription.arrived().then(acknowledged, () => undefined);
    };
    if (how === 'handed-back') subscription.handBack(message, told);
    else if (how === 'unsendable') subscription.deadLetter(message, told);
    else subscription.acknowledge(message, told);
  }

  #settled(subscription: Subscription, how: Settled): void {
    this.#events.settled(how);
    this.#standstill.moved();
    if (how === 'acknowledged' || how === 'dead-lettered') this.#caution.wentWell();
    if (subscription.held === 0 && subscription !== this.#subscription) this.#subscriptions.delete(subscription);
    if (this.#idle !== undefined && this.inFlight === 0) this.#idle();
  }
}
