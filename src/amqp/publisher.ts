import { randomBytes } from 'node:crypto';

import type { ChannelModel, ConfirmChannel, Message } from 'amqplib';

import { PublisherStopped, type ReplyOutcome } from '../protocol/reply.ts';
import { backOffMs } from '../time/back-off.ts';
import { publishIdOf, type Outgoing } from './messages.ts';
import { Link, type LinkEvents, type LinkUser } from './link.ts';
import type { ConnectionSettings } from './connection.ts';

interface Pending {
  readonly message: Outgoing;
  readonly settle: (outcome: ReplyOutcome | PublisherStopped) => void;
  /** The broker's `basic.return` carries it back. */
  readonly id: string;
  returned: boolean;
  refusals: number;
  sentAt: number;
}

/** What the publisher tells its owner beside its results. */
export interface PublisherEvents extends LinkEvents {
  /** `count` messages are published once more, as their confirms were lost, late or negative. */
  republished(reason: string, count: number): void;
  /** Whether messages are sent at once has changed: the link was lost or restored, or the broker's alarm began or ended. */
  open(open: boolean): void;
}

const MAX_REFUSALS = 5;
const WATCH_EVERY_MS = 1_000;

/**
 * Publishes with confirms and `mandatory`, over a connection of its own. Survives lost connections, channels and
 * confirms by publishing again; respects back-pressure and the broker's resource alarms by holding messages back.
 * Its memory is bounded by what its callers have under way.
 */
export class Publisher implements LinkUser<ConfirmChannel> {
  readonly #events: PublisherEvents;
  readonly #confirmTimeoutMs: number;
  readonly #link: Link<ConfirmChannel>;
  readonly #watch: NodeJS.Timeout;
  /** Not handed to a channel yet, oldest first. */
  #waiting: Pending[] = [];
  /** Handed to the present channel, unconfirmed, by id, oldest first. */
  readonly #sent = new Map<string, Pending>();
  #channel: ConfirmChannel | undefined;
  #congested = false;
  #blocked = false;
  #stopped = false;
  #sequence = 0;
  readonly #instance = randomBytes(6).toString('hex');
  /** Refused by the broker, waiting for their next try. */
  readonly #refusedForNow = new Set<Pending>();

  constructor(settings: ConnectionSettings, confirmTimeoutMs: number, events: PublisherEvents) {
    this.#events = events;
    this.#confirmTimeoutMs = confirmTimeoutMs;
    this.#link = new Link('publish', settings, this, events);
    this.#watch = setInterval(() => this.#giveUpLateConfirms(), WATCH_EVERY_MS).unref();
  }

  /** Rejects when trying again cannot help. */
  get ended(): Promise<void> {
    return this.#link.ended;
  }

  /** Resolves when the link is up for the first time, or was stopped before; rejects as `ended` does. */
  get started(): Promise<void> {
    return this.#link.started;
  }

  /** Whether a message would be sent at once. */
  get ready(): boolean {
    return this.#channel !== undefined && !this.#blocked;
  }

  /** Resolves when the broker has confirmed the message, however often it had to be published. Rejects with `PublisherStopped` only. */
  publish(message: Outgoing): Promise<ReplyOutcome> {
    return new Promise((resolve, reject) => {
      if (this.#stopped) return reject(new PublisherStopped('the publisher is stopped'));
      this.#sequence += 1;
      const settle = (outcome: ReplyOutcome | PublisherStopped): void =>
        outcome instanceof PublisherStopped ? reject(outcome) : resolve(outcome);
      this.#waiting.push({
        message,
        settle,
        id: `${this.#instance}-${this.#sequence}`,
        returned: false,
        refusals: 0,
        sentAt: 0,
      });
      this.#flush();
    });
  }

  /** Rejects what is unconfirmed and closes the link. Idempotent; never rejects. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#watch);
    const left = [...this.#sent.values(), ...this.#waiting, ...this.#refusedForNow];
    this.#sent.clear();
    this.#refusedForNow.clear();
    this.#waiting = [];
    for (const pending of left) pending.settle(new PublisherStopped('stopped before the broker confirmed'));
    await this.#link.stop();
  }

  open(model: ChannelModel): Promise<ConfirmChannel> {
    return model.createConfirmChannel();
  }

  setUp(channel: ConfirmChannel): Promise<void> {
    channel.on('return', (message) => this.#returned(message));
    channel.on('drain', () => {
      if (channel !== this.#channel) return;
      this.#congested = false;
      this.#flush();
    });
    return Promise.resolve();
  }

  up(channel: ConfirmChannel): void {
    this.#channel = channel;
    this.#events.open(this.ready);
    this.#flush();
  }

  /** What was sent and not confirmed has an unknown outcome and is published again, in its old order. */
  down(): void {
    this.#channel = undefined;
    this.#congested = false;
    this.#blocked = false;
    const unconfirmed = [...this.#sent.values()];
    this.#sent.clear();
    for (const pending of unconfirmed) pending.returned = false;
    if (unconfirmed.length > 0) this.#events.republished('confirm lost', unconfirmed.length);
    this.#waiting = [...unconfirmed, ...this.#waiting];
    this.#events.open(false);
  }

  blocked(blocked: boolean): void {
    this.#blocked = blocked;
    this.#events.open(this.ready);
    this.#flush();
  }

  #flush(): void {
    let next = 0;
    while (this.#channel !== undefined && !this.#congested && !this.#blocked && next < this.#waiting.length) {
      const pending = this.#waiting[next];
      next += 1;
      if (pending !== undefined) this.#send(this.#channel, pending);
    }
    if (next > 0) this.#waiting.splice(0, next);
  }

  #send(channel: ConfirmChannel, pending: Pending): void {
    const { queue, body } = pending.message;
    const options = { ...pending.message.options(pending.id), mandatory: true };
    pending.sentAt = Date.now();
    this.#sent.set(pending.id, pending);
    try {
      const room = channel.publish('', queue, body, options, (error: unknown) =>
        this.#confirmed(channel, pending, error),
      );
      if (!room) this.#congested = true;
    } catch (error) {
      if (error instanceof Error && error.name === 'IllegalOperationError') return; // The channel is closing; `down` brings it back.
      this.#sent.delete(pending.id);
      pending.settle('unsendable');
    }
  }

  #confirmed(channel: ConfirmChannel, pending: Pending, error: unknown): void {
    if (channel !== this.#channel || this.#sent.get(pending.id) !== pending) return; // `down` has it already.
    if (error === null) {
      this.#sent.delete(pending.id);
      return pending.settle(pending.returned ? 'returned' : 'routed');
    }
    if (!(error instanceof Error) || error.message !== 'message nacked') return; // The channel is closing.
    this.#sent.delete(pending.id);
    this.#refused(pending);
  }

  #refused(pending: Pending): void {
    pending.refusals += 1;
    if (pending.refusals >= MAX_REFUSALS) return pending.settle('refused');
    this.#events.republished('refused by the broker', 1);
    this.#refusedForNow.add(pending);
    setTimeout(() => {
      if (!this.#refusedForNow.delete(pending)) return;
      this.#waiting.push(pending);
      this.#flush();
    }, backOffMs(pending.refusals));
  }

  #returned(message: Message): void {
    const pending = this.#sent.get(publishIdOf(message) ?? '');
    if (pending !== undefined) pending.returned = true;
  }

  #giveUpLateConfirms(): void {
    const oldest = this.#sent.values().next().value;
    if (oldest === undefined || this.#blocked) return;
    if (Date.now() - oldest.sentAt > this.#confirmTimeoutMs) this.#link.rebuild('a confirm did not come in time');
  }
}
