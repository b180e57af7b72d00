import { randomBytes } from 'node:crypto';

import type { ChannelModel, ConfirmChannel } from 'amqplib';

import { PublisherStoppedError, type ReplyOutcome } from '../../protocol/reply.ts';
import { within } from '../../time/limit.ts';
import { closeReasonOf, closesToBlame, type CloseReason } from '../connection/broker-errors.ts';
import type { ConnectionSettings } from '../connection/connection.ts';
import { MajorityProbe, type Majority } from '../connection/majority-probe.ts';
import { MajorityWatch } from './majority.ts';
import { PublishChannel } from './publish-channel.ts';
import { SupervisedChannel, type ChannelEvents, type ChannelUser } from '../connection/supervised-channel.ts';
import type { OutgoingMessage } from '../wire/messages.ts';
import { Outbox } from './outbox.ts';
import type { OutboxLimits } from './outbox-host.ts';

/** Events of the publisher, beside the outcomes of its messages. */
export interface PublisherEvents extends ChannelEvents {
  /** `count` messages are published again: their confirms are lost, late or negative. */
  republished(reason: string, count: number): void;
  /**
   * Whether messages can be sent has changed: the channel was lost or restored, or a resource alarm
   * began or ended.
   */
  open(open: boolean): void;
  /** The broker's cluster lost its majority, or has one again: answers wait meanwhile. */
  majority(isPresent: boolean): void;
  /**
   * The broker was asked for its cluster's majority. `missing`: the question stayed unanswered; a
   * single time may also be a slow node. `unknown`: it could not be asked.
   */
  majorityAnswer?(answer: Majority): void;
}

export interface PublisherLimits extends Omit<OutboxLimits, 'callTimeoutMs' | 'majority'> {
  /** How the names of exclusive queues begin, which are declared to find out about the majority. */
  readonly probeQueue: string;
}

/**
 * A channel that the broker closes over one message is replaced within this time, so that
 * consumption need not pause.
 */
const MAX_UNREPORTED_MS = 1_000;

/**
 * Publishes with confirms and `mandatory`, over its own connection. Publishes again where a
 * connection, channel or confirm is lost. Holds messages while the socket is congested or a
 * resource alarm is active. A faulty destination or message harms only itself. Memory is bounded by
 * the callers' messages in flight.
 *
 * The room, from here inwards: outbox.ts decides when each message is sent, and on which channel;
 * publish-channel.ts sends it and matches confirms and returns; pending.ts and destinations.ts hold
 * the state of messages and destinations. For the failures: confirm-watch.ts (no confirm arrives),
 * majority.ts (nothing is anybody's fault while the cluster has no majority), nack-retry.ts (the
 * queue nacks), lost-confirms.ts (the channel closes), quarantine.ts (which
 * message made the broker close it), isolated-channels.ts (first messages to unknown destinations).
 */
export class Publisher implements ChannelUser<ConfirmChannel> {
  readonly #events: PublisherEvents;
  readonly #timeoutMs: number;
  readonly #channel: SupervisedChannel<ConfirmChannel>;
  readonly #outbox: Outbox;
  readonly #instance = randomBytes(6).toString('hex');
  #model: ChannelModel | undefined;
  #main: PublishChannel | undefined;
  /** Why the broker closed the current connection, if it did. */
  #connectionClosedBy: CloseReason | undefined;
  #blocked = false;
  #stopped = false;
  #order = 0;
  /**
   * The channel is replaced although it works. It is reported as closed only if that takes long.
   */
  #isPlanned = false;
  #closedTimer: NodeJS.Timeout | undefined;

  constructor(settings: ConnectionSettings, limits: PublisherLimits, events: PublisherEvents) {
    this.#events = events;
    this.#timeoutMs = settings.timeoutMs;
    const probe = new MajorityProbe(settings, limits.probeQueue);
    const majority = new MajorityWatch({
      ask: async () => {
        if (this.#channel.url === undefined) return true;
        const answer = await probe.ask(this.#channel.url);
        events.majorityAnswer?.(answer);
        return answer !== 'missing';
      },
      changed: (isPresent) => {
        if (this.#stopped) return;
        if (!isPresent) this.#outbox.destinations.forgive();
        events.majority(isPresent);
      },
      move: () => {
        if (settings.urls.length > 1) this.#channel.reconnect('the node has no majority');
      },
    });
    this.#outbox = new Outbox(
      { ...limits, callTimeoutMs: settings.timeoutMs, majority },
      {
        open: () => this.#openIsolatedChannel(),
        rebuild: (reason, isPlanned = false) => {
          this.#isPlanned = isPlanned;
          this.#channel.rebuild(reason);
        },
        republished: (reason, count) => events.republished(reason, count),
      },
    );
    this.#channel = new SupervisedChannel('publish', settings, this, events);
  }

  /** Rejects when a retry cannot help. */
  get ended(): Promise<void> {
    return this.#channel.ended;
  }

  /**
   * Resolves when the channel is up for the first time, or was stopped before. Rejects as `ended`
   * does.
   */
  get started(): Promise<void> {
    return this.#channel.started;
  }

  /** Whether a message would be sent at once. */
  get ready(): boolean {
    return this.#main !== undefined && !this.#blocked;
  }

  /** Why there is no channel now. */
  trouble(): string | undefined {
    return this.#channel.trouble;
  }

  /**
   * Resolves with the outcome of the message, however often it is published. Rejects only with
   * `PublisherStoppedError`.
   */
  publish(message: OutgoingMessage): Promise<ReplyOutcome> {
    return new Promise((resolve, reject) => {
      if (this.#stopped) return reject(new PublisherStoppedError('the publisher is stopped'));
      this.#order += 1;
      const settle = (outcome: ReplyOutcome | PublisherStoppedError): void =>
        outcome instanceof PublisherStoppedError ? reject(outcome) : resolve(outcome);
      this.#outbox.add(message, `${this.#instance}-${this.#order}`, this.#order, settle);
    });
  }

  /**
   * Lets `use` open channels on the publisher's connection. Rejects where there is none, and at the
   * time limit.
   */
  async withConnection(use: (model: ChannelModel) => Promise<void>): Promise<void> {
    if (this.#model === undefined) throw new Error('there is no connection');
    await within(this.#timeoutMs, 'declaring', use(this.#model));
  }

  /** Rejects the unresolved messages and closes the channel. Idempotent; never rejects. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#closedTimer);
    this.#outbox.stop();
    await this.#channel.stop();
  }

  open(model: ChannelModel): Promise<ConfirmChannel> {
    if (model !== this.#model) {
      this.#model = model;
      this.#connectionClosedBy = undefined;
      this.#outbox.forgetLimits();
      model.on('error', (error: Error) => (this.#connectionClosedBy = closeReasonOf(error)));
      model.on('close', () => {
        if (this.#model === model) this.#model = undefined;
      });
    }
    return model.createConfirmChannel();
  }

  setUp(): Promise<void> {
    return Promise.resolve();
  }

  up(confirmChannel: ConfirmChannel): void {
    const channel = new PublishChannel(confirmChannel, this.#outbox);
    confirmChannel.on('drain', () => {
      channel.congested = false;
      this.#outbox.flush();
    });
    this.#main = channel;
    this.#isPlanned = false;
    clearTimeout(this.#closedTimer);
    this.#events.open(this.ready);
    this.#outbox.up(channel);
  }

  down(): void {
    const closedBy = this.#main?.closedBy;
    this.#main = undefined;
    this.#blocked = false;
    const closedForOneMessage = this.#connectionClosedBy === undefined && closesToBlame(closedBy) < Infinity;
    if (closedForOneMessage || this.#isPlanned)
      this.#closedTimer = setTimeout(() => this.#events.open(this.ready), MAX_UNREPORTED_MS);
    else this.#events.open(false);
    this.#outbox.down(closedBy ?? this.#connectionClosedBy);
  }

  blocked(blocked: boolean): void {
    if (blocked === this.#blocked) return;
    this.#blocked = blocked;
    this.#events.open(this.ready);
    this.#outbox.block(blocked);
  }

  async #openIsolatedChannel(): Promise<PublishChannel> {
    const model = this.#model;
    if (model === undefined || this.#main === undefined) throw new Error('there is no connection');
    const opening = model.createConfirmChannel();
    let late = false;
    opening
      .then(async (channel) => {
        if (late) await channel.close();
      })
      .catch(() => undefined);
    try {
      const channel = new PublishChannel(await within(this.#timeoutMs, 'opening a channel', opening), this.#outbox);
      // Its end may have been in the same read, before the channel had its listeners.
      if (this.#model !== model) throw new Error('the connection is lost');
      void channel.closed.then(() => this.#outbox.isolatedChannelClosed(channel, this.#connectionClosedBy));
      return channel;
    } catch (error) {
      late = true;
      throw error;
    }
  }
}
