import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';

import type { Delivery } from '../protocol/delivery.ts';
import type { Diagnosis, Settlement } from '../protocol/settlement.ts';
import { Acknowledgements, type InFlight } from './acknowledgements.ts';
import type { ConnectionSettings } from './connection.ts';
import { DeadLetterDelivery, type DeadLetterEvents } from './dead-letter-delivery.ts';
import { Link, type LinkEvents, type LinkUser } from './link.ts';
import { deliveryOf } from './messages.ts';
import type { Publisher } from './publisher.ts';
import { within } from '../time/limit.ts';
import { declareTopology } from './topology.ts';

/** What became of a delivery at the broker; `lost`: its channel was gone, so the broker hands it out again. */
export type Settled = 'acknowledged' | 'dead-lettered' | 'handed-back' | 'lost';

export interface ConsumerEvents extends LinkEvents, DeadLetterEvents {
  delivered(redelivered: boolean): void;
  settled(how: Settled): void;
  /** Its diagnosis went with it; the delivery is settled as `dead-lettered` next. */
  deadLettered(diagnosis: Diagnosis): void;
  /** The handler broke its promise never to reject; the delivery was handed back. */
  broken(error: unknown): void;
}

export interface ConsumerSettings {
  readonly queue: string;
  /** Deliveries held unsettled at most, 1 … 2000. */
  readonly prefetch: number;
}

/** Turns a delivery into its settlement. Must not reject. */
export type Handler = (delivery: Delivery) => Promise<Settlement>;

/** Takes requests from the queue, hands each to the handler and carries out its settlement, once, on its own channel. */
export class Consumer implements LinkUser<Channel> {
  readonly #settings: ConsumerSettings;
  readonly #timeoutMs: number;
  readonly #handle: Handler;
  readonly #letters: DeadLetterDelivery;
  readonly #events: ConsumerEvents;
  readonly #link: Link<Channel>;
  readonly #inFlight = new Set<InFlight>();
  readonly #acknowledgements = new Acknowledgements(this.#inFlight);
  #channel: Channel | undefined;
  #consumerTag: string | undefined;
  #taking = true;
  #paused = false;
  #adjusting: Promise<void> = Promise.resolve();
  #idle: (() => void) | undefined;

  constructor(
    connection: ConnectionSettings,
    settings: ConsumerSettings,
    handle: Handler,
    publisher: Publisher,
    events: ConsumerEvents,
  ) {
    this.#settings = settings;
    this.#timeoutMs = connection.timeoutMs;
    this.#handle = handle;
    this.#letters = new DeadLetterDelivery(publisher, settings.queue, events);
    this.#events = events;
    this.#link = new Link('consume', connection, this, events);
  }

  /** Rejects when trying again cannot help, with `TopologyMismatch` for one. */
  get ended(): Promise<void> {
    return this.#link.ended;
  }

  /** Resolves when the link is up for the first time, or was stopped before; rejects as `ended` does. */
  get started(): Promise<void> {
    return this.#link.started;
  }

  /** Whether the broker hands out requests to us. */
  get ready(): boolean {
    return this.#consumerTag !== undefined && this.#taking && !this.#paused;
  }

  get inFlight(): number {
    return this.#inFlight.size + this.#acknowledgements.size;
  }

  open(model: ChannelModel): Promise<Channel> {
    return model.createChannel();
  }

  async setUp(channel: Channel, model: ChannelModel): Promise<void> {
    await declareTopology(model, this.#settings.queue);
    await channel.prefetch(this.#settings.prefetch);
    this.#channel = channel;
    await this.#adjust();
  }

  up(): void {
    // It has taken requests since its set-up.
  }

  down(): void {
    this.#channel = undefined;
    this.#consumerTag = undefined;
  }

  blocked(): void {
    // The broker reads on from a connection that does not publish.
  }

  /** Takes no requests for a time, or takes them again once all that was delivered before is settled. Never rejects. */
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
    const rest = [...this.#inFlight];
    for (const delivery of rest) this.#settle(delivery, 'handed-back');
    return rest.length;
  }

  /** Closes channel and connection; the broker requeues what is unsettled. Idempotent; never rejects. */
  async stop(): Promise<void> {
    await this.takeNoMore();
    await this.#link.stop();
  }

  /** Consumes or cancels as is wanted now, one step at a time. Never rejects: a step that fails costs the channel. */
  #adjust(): Promise<void> {
    this.#adjusting = this.#adjusting.then(async () => {
      const channel = this.#channel;
      if (channel === undefined) return;
      try {
        await this.#consumeOrCancel(channel);
      } catch (error) {
        this.#link.rebuild(error instanceof Error ? error.message : 'consuming failed');
      }
    });
    return this.#adjusting;
  }

  get #wanted(): boolean {
    return this.#taking && !this.#paused;
  }

  /** Whether the broker counts something on this channel as unsettled. */
  #holdsOn(channel: Channel): boolean {
    for (const delivery of this.#inFlight) if (delivery.channel === channel) return true;
    return this.#acknowledgements.size > 0;
  }

  async #consumeOrCancel(channel: Channel): Promise<void> {
    const wanted = this.#wanted;
    const tag = this.#consumerTag;
    // Prefetch is counted for each consumer: what an earlier one took would come on top of it.
    if (wanted && tag === undefined && !this.#holdsOn(channel)) {
      const receive = (message: ConsumeMessage | null): void => this.#receive(channel, message);
      const consuming = channel.consume(this.#settings.queue, receive);
      const { consumerTag } = await within(this.#timeoutMs, 'consuming', consuming);
      if (channel === this.#channel) this.#consumerTag = consumerTag;
    }
    if (!wanted && tag !== undefined) {
      this.#consumerTag = undefined;
      await within(this.#timeoutMs, 'cancelling the consumer', channel.cancel(tag));
    }
  }

  #receive(channel: Channel, message: ConsumeMessage | null): void {
    if (message === null) return this.#link.rebuild('the broker cancelled the consumer');
    const delivery: InFlight = { channel, message };
    this.#inFlight.add(delivery);
    this.#events.delivered(message.fields.redelivered);
    this.#handle(deliveryOf(message))
      .then((settlement) => this.#carryOut(delivery, settlement))
      .catch((error: unknown) => {
        this.#events.broken(error);
        this.#settle(delivery, 'handed-back');
      });
  }

  async #carryOut(delivery: InFlight, settlement: Settlement): Promise<void> {
    if (settlement.kind === 'acknowledge') return this.#settle(delivery, 'acknowledged');
    if (settlement.kind === 'hand-back') return this.#settle(delivery, 'handed-back');
    const gone = (): boolean => delivery.channel !== this.#channel || !this.#inFlight.has(delivery);
    const outcome = await this.#letters.deliver(delivery.message, settlement.diagnosis, gone);
    if (outcome === 'handed-back') return this.#settle(delivery, outcome);
    this.#events.deadLettered(settlement.diagnosis);
    if (outcome === 'unsendable') this.#leaveToBroker(delivery);
    else this.#settle(delivery, outcome);
  }

  /** The broker dead-letters it itself, without the diagnosis. */
  #leaveToBroker(delivery: InFlight): void {
    if (!this.#inFlight.delete(delivery)) return;
    this.#settled(delivery, turnDown(delivery, false) ? 'dead-lettered' : 'lost');
  }

  #settle(delivery: InFlight, how: Settled): void {
    if (!this.#inFlight.delete(delivery)) return;
    if (how === 'handed-back') this.#settled(delivery, turnDown(delivery, true) ? how : 'lost');
    else this.#acknowledgements.add(delivery, (lost) => this.#settled(delivery, lost ? 'lost' : how));
  }

  #settled({ channel }: InFlight, how: Settled): void {
    this.#events.settled(how);
    if (this.#consumerTag === undefined && this.#wanted && !this.#holdsOn(channel)) void this.#adjust();
    if (this.inFlight === 0) this.#idle?.();
  }
}

/** Back to the queue, or to its dead-letter queue. Whether the broker could be told. */
function turnDown({ channel, message }: InFlight, requeue: boolean): boolean {
  try {
    channel.nack(message, false, requeue);
    return true;
  } catch {
    return false; // The channel is closed.
  }
}
