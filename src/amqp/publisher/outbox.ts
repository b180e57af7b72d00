import { PublisherStoppedError, type ReplyOutcome } from '../../protocol/reply.ts';
import type { CloseReason } from '../connection/broker-errors.ts';
import { ConfirmWatch } from './confirm-watch.ts';
import { Destinations } from './destinations.ts';
import type { BrokerAnswer, PublishChannel, PublishChannelEvents } from './publish-channel.ts';
import { LostConfirms } from './lost-confirms.ts';
import type { OutgoingMessage } from '../wire/messages.ts';
import { newPending, type Destination, type Pending } from './pending.ts';
import { Quarantine } from './quarantine.ts';
import type { OutboxHost, OutboxLimits } from './outbox-host.ts';
import { NackRetry } from './nack-retry.ts';
import { IsolatedChannels } from './isolated-channels.ts';

/** All messages without an outcome. Decides when each is sent, and on which channel. */
export class Outbox implements PublishChannelEvents {
  readonly destinations: Destinations;
  readonly isolatedChannels: IsolatedChannels;
  readonly #nackRetry: NackRetry;
  readonly #quarantine: Quarantine;
  readonly #lostConfirms: LostConfirms;
  readonly #watch: ConfirmWatch;
  /** Destinations with messages that could not be sent when they were added. */
  readonly #ready = new Set<Destination>();
  #main: PublishChannel | undefined;
  #blocked = false;

  constructor(limits: OutboxLimits, host: OutboxHost) {
    this.destinations = new Destinations(
      limits.prefetch,
      () => limits.majority.isBlameless || limits.majority.isAsking,
      () => this.#watch.now,
    );
    const shared = {
      finish: (pending: Pending, outcome: ReplyOutcome) => this.#finish(pending, outcome),
      pump: (destination: Destination) => this.#pump(destination),
      ready: (destination: Destination) => void this.#ready.add(destination),
      republished: (reason: string, count: number) => host.republished(reason, count),
      now: () => this.#watch.now,
      isBlameless: () => limits.majority.isBlameless,
    };
    this.#nackRetry = new NackRetry(this.destinations, shared);
    this.isolatedChannels = new IsolatedChannels(this.destinations.maxHeld, {
      open: () => host.open(),
      sendNext: (channel, destination) => this.#sendNext(channel, destination),
    });
    this.#watch = new ConfirmWatch(limits, {
      main: () => (this.#blocked ? undefined : this.#main),
      isolatedChannels: this.isolatedChannels,
      retrying: () => this.destinations.isRetrying,
      stalled: (destination) => {
        for (const pending of this.destinations.stall(destination)) this.#finish(pending, 'unconfirmed');
      },
      abandon: (channel, pending) => this.#abandon(channel, pending),
      withdraw: (silent) => this.#withdraw(silent),
      rebuild: (reason, isPlanned) => host.rebuild(reason, isPlanned),
    });
    this.#quarantine = new Quarantine(limits.callTimeoutMs, this.#watch.slowMs, {
      open: async () => this.isolatedChannels.takeFree() ?? (await host.open()),
      send: (channel, pending) => this.#send(channel, pending),
      canSend: () => this.#channelUsable,
      unusable: () => host.rebuild('no channel is usable for a message that may have closed one'),
      emptied: () => this.flush(),
    });
    this.#lostConfirms = new LostConfirms(this.#quarantine, shared);
  }

  get #channelUsable(): boolean {
    return this.#main !== undefined && this.#main.isOpen && !this.#blocked;
  }

  get #canSend(): boolean {
    return this.#channelUsable && !this.#quarantine.active;
  }

  /** `order` is greater than that of every earlier message; `id` is unique. */
  add(message: OutgoingMessage, id: string, order: number, settle: Pending['settle']): void {
    const destination = this.destinations.of(message.queue);
    destination.open += 1;
    const pending = newPending(message, destination, id, order, settle);
    if (destination.degraded && !this.#admits(destination, pending)) return;
    const main = this.#main;
    const { clock } = this.#watch;
    const atOnce = destination.usesMain(clock) && destination.waiting.length === 0 && !destination.saturated(clock);
    if (atOnce && main?.congested === false && this.#canSend) return void this.#send(main, pending);
    destination.waiting.push(pending);
    this.#pump(destination);
  }

  /** The main channel is open. */
  up(channel: PublishChannel): void {
    this.#main = channel;
    this.flush();
  }

  /** The main channel is closed. `reason`: the broker's, if it gave one. */
  down(reason: CloseReason | undefined): void {
    const channel = this.#main;
    this.#main = undefined;
    this.#blocked = false;
    this.destinations.channelReplaced();
    for (const destination of this.destinations.all()) if (destination.waiting.length > 0) this.#ready.add(destination);
    if (channel === undefined) return;
    this.#lostConfirms.takeUnconfirmed(channel, reason, (pending) => pending.sequence > channel.processed);
  }

  block(blocked: boolean): void {
    this.#blocked = blocked;
    this.flush();
  }

  /** The connection is new: its broker may have other limits. */
  forgetLimits(): void {
    this.#lostConfirms.maxBody = Infinity;
  }

  /** Sends the waiting messages, as far as the channels have room. */
  flush(): void {
    void this.#quarantine.run();
    if (!this.#canSend) return;
    const ready = [...this.#ready];
    this.#ready.clear();
    for (const destination of ready) this.#pump(destination);
    this.isolatedChannels.pump();
  }

  /** Resolves every message with `PublisherStoppedError`. Nothing is sent any more. */
  stop(): void {
    this.#watch.stop();
    const left = [...(this.#main?.unconfirmed.take() ?? []), ...this.#quarantine.clear()];
    for (const channel of this.isolatedChannels.busy.keys()) left.push(...channel.unconfirmed.take());
    this.#main = undefined;
    for (const destination of this.destinations.all()) {
      this.destinations.restore(destination);
      left.push(...destination.waiting.splice(0));
    }
    for (const pending of left) this.#finish(pending, new PublisherStoppedError('stopped before the broker confirmed'));
  }

  answered(channel: PublishChannel, pending: Pending, answer: BrokerAnswer): void {
    const { destination } = pending;
    destination.inFlight -= 1;
    destination.answeredAt = this.#watch.clock;
    destination.withdrawn = false;
    if (answer === 'nacked') this.#nackRetry.nacked(destination, pending);
    else {
      if (destination.degraded || destination.nacksInRow > 0) this.destinations.restore(destination);
      if (answer === 'routed') {
        if (channel === this.#main) destination.servedByMain = true;
        else destination.confirmedAt = this.#watch.clock;
        this.#watch.recordRouted(pending);
      }
      this.#finish(pending, answer === 'routed' ? 'routed' : 'returned');
    }
    if (destination.waiting.length > 0) this.#pump(destination);
    if (channel === this.#main) this.#watch.recordConfirm();
    else this.isolatedChannels.release(channel);
  }

  late({ destination }: Pending): void {
    this.destinations.restore(destination);
    if (destination.waiting.length > 0) this.#pump(destination);
  }

  /** An isolated channel is closed. */
  isolatedChannelClosed(channel: PublishChannel, connectionClosedBy: CloseReason | undefined): void {
    this.isolatedChannels.discard(channel);
    // It carried one message, which the broker had processed if it closed the channel itself.
    const mayBeCause = (pending: Pending): boolean =>
      channel.closedBy !== undefined || !this.#watch.confirmedAfter(pending);
    this.#lostConfirms.takeUnconfirmed(channel, channel.closedBy ?? connectionClosedBy, mayBeCause);
    this.flush();
  }

  /** Whether a message to a degraded destination may be sent. Else it waits, or has its outcome. */
  #admits(destination: Destination, pending: Pending): boolean {
    const admission = this.destinations.admit(destination, this.#watch.now, this.#watch.clock);
    if (admission === 'wait') destination.waiting.push(pending);
    else if (admission === 'one-try' && this.#main !== undefined && this.#canSend) this.#send(this.#main, pending);
    else if (admission !== 'send') this.#finish(pending, admission === 'one-try' ? 'refused' : admission);
    return admission === 'send';
  }

  /** Sends the destination's waiting messages, as far as possible. */
  #pump(destination: Destination): void {
    const main = this.#main;
    const { clock } = this.#watch;
    while (destination.waiting.length > 0 && destination.canSend) {
      if (main === undefined || !this.#canSend || (destination.usesMain(clock) && main.congested)) {
        this.#ready.add(destination);
        return;
      }
      if (!destination.usesMain(clock)) {
        if (destination.inFlight === 0) this.isolatedChannels.request(destination);
        return;
      }
      if (destination.saturated(clock)) return;
      const next = destination.waiting.shift();
      if (next !== undefined) this.#send(main, next);
    }
  }

  #sendNext(channel: PublishChannel, destination: Destination): boolean {
    if (!this.#canSend) this.#ready.add(destination);
    if (!this.#canSend || !destination.canSend || destination.inFlight > 0) return false;
    const next = destination.waiting.shift();
    if (next === undefined) return false;
    const sent = this.#send(channel, next);
    if (!sent && destination.waiting.length > 0) this.isolatedChannels.request(destination);
    return sent;
  }

  /** Returns whether the message is in flight. Else it cannot be sent, and has its outcome. */
  #send(channel: PublishChannel, pending: Pending): boolean {
    const { destination, message } = pending;
    if (destination.retryDue) {
      destination.retryDue = false;
      destination.retried = pending;
    }
    pending.sentClock = this.#watch.clock;
    if (message.body.length > this.#lostConfirms.maxBody || !channel.send(pending, this.#watch.now)) {
      if (destination.retried === pending) this.destinations.restore(destination);
      this.#finish(pending, 'unsendable');
      return false;
    }
    destination.inFlight += 1;
    if (channel !== this.#main) this.isolatedChannels.occupy(channel, pending);
    return true;
  }

  #abandon(channel: PublishChannel, pending: Pending): void {
    const { destination } = pending;
    channel.abandon(pending);
    destination.inFlight -= 1;
    this.destinations.abandon(destination, this.#watch.now + this.#watch.deadline);
    this.#finish(pending, 'unconfirmed');
    for (const other of destination.waiting.splice(0)) this.#finish(other, 'unconfirmed');
    if (channel !== this.#main) this.isolatedChannels.discard(channel);
  }

  #withdraw(silent: readonly (readonly [PublishChannel, Pending])[]): void {
    this.#lostConfirms.takeBack(silent);
    for (const [channel] of silent) this.isolatedChannels.discard(channel);
    for (const [, { destination }] of silent) this.isolatedChannels.request(destination);
  }

  #finish(pending: Pending, outcome: ReplyOutcome | PublisherStoppedError): void {
    pending.destination.open -= 1;
    pending.settle(outcome);
  }
}
