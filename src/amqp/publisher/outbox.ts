import { PublisherStoppedError, type ReplyOutcome } from '../../protocol/reply.ts';
import type { CloseReason } from './close-reason.ts';
import { ConfirmWatch } from './confirm-watch.ts';
import { Destinations } from './destinations.ts';
import type { BrokerAnswer, PublishLane, LaneEvents } from './publish-lane.ts';
import { LostLanes } from './lost-lanes.ts';
import type { Outgoing } from '../wire/messages.ts';
import { newPending, type Destination, type Pending } from './pending.ts';
import { Quarantine } from './quarantine.ts';
import { Refusals } from './refusals.ts';
import { SideLanes } from './side-lanes.ts';

export interface OutboxLimits {
  /** How long one message may stay unconfirmed while the broker goes on, in milliseconds. */
  readonly confirmTimeoutMs: number;
  /** As many messages are under way at most; a quarter of them may wait for destinations that do not take theirs. */
  readonly prefetch: number;
  /** How long the broker may take for a call, in milliseconds. */
  readonly callTimeoutMs: number;
}

export interface OutboxHost {
  /** Opens a side lane; rejects where there is no connection. `sideLaneGone` is told of its end. */
  open(): Promise<PublishLane>;
  /** Makes another main lane, as the present one does not work, or (`isBrief`) while it does. */
  rebuild(reason: string, isBrief?: boolean): void;
  republished(reason: string, count: number): void;
}

/** The messages without an outcome, and which of them is sent when, and on which lane. */
export class Outbox implements LaneEvents {
  readonly destinations: Destinations;
  readonly sideLanes: SideLanes;
  readonly #refusals: Refusals;
  readonly #quarantine: Quarantine;
  readonly #lostLanes: LostLanes;
  readonly #watch: ConfirmWatch;
  /** Have messages that could not be sent when they came. */
  readonly #ready = new Set<Destination>();
  #main: PublishLane | undefined;
  #blocked = false;

  constructor(limits: OutboxLimits, host: OutboxHost) {
    this.destinations = new Destinations(limits.prefetch);
    const shared = {
      finish: (pending: Pending, outcome: ReplyOutcome) => this.#finish(pending, outcome),
      pump: (destination: Destination) => this.#pump(destination),
      ready: (destination: Destination) => void this.#ready.add(destination),
      republished: (reason: string, count: number) => host.republished(reason, count),
    };
    this.#refusals = new Refusals(this.destinations, shared);
    this.sideLanes = new SideLanes(this.destinations.mostHeld, {
      open: () => host.open(),
      sendNext: (lane, destination) => this.#sendNext(lane, destination),
    });
    this.#watch = new ConfirmWatch(limits, {
      main: () => (this.#blocked ? undefined : this.#main),
      sideLanes: this.sideLanes,
      silent: (destination) => {
        for (const pending of this.destinations.silence(destination)) this.#finish(pending, 'unconfirmed');
      },
      giveUp: (lane, pending) => this.#giveUp(lane, pending),
      rebuild: (reason, isBrief) => host.rebuild(reason, isBrief),
    });
    this.#quarantine = new Quarantine(limits.callTimeoutMs, this.#watch.slowMs, {
      open: async () => this.sideLanes.takeFree() ?? (await host.open()),
      send: (lane, pending) => this.#send(lane, pending),
      canSend: () => this.#channelUsable,
      nothingTaken: () => host.rebuild('the broker takes no message'),
      over: () => this.flush(),
    });
    this.#lostLanes = new LostLanes(this.#quarantine, shared);
  }

  get #channelUsable(): boolean {
    return this.#main !== undefined && this.#main.isOpen && !this.#blocked;
  }

  get #canSend(): boolean {
    return this.#channelUsable && !this.#quarantine.active;
  }

  /** `order` is greater than that of every message before; `id` is unique. */
  add(message: Outgoing, id: string, order: number, settle: Pending['settle']): void {
    const destination = this.destinations.of(message.queue);
    destination.open += 1;
    const pending = newPending(message, destination, id, order, settle);
    if (destination.troubled && !this.#admits(destination, pending)) return;
    const main = this.#main;
    const { now } = this.#watch;
    const atOnce = destination.met(now) && destination.waiting.length === 0 && !destination.crowded(now);
    if (atOnce && main?.congested === false && this.#canSend) return void this.#send(main, pending);
    destination.waiting.push(pending);
    this.#pump(destination);
  }

  /** There is a main lane. */
  up(lane: PublishLane): void {
    this.#main = lane;
    this.flush();
  }

  /** The main lane is gone, with `reason` where the broker gave one. */
  down(reason: CloseReason | undefined): void {
    const lane = this.#main;
    this.#main = undefined;
    this.#blocked = false;
    this.destinations.startAnew();
    for (const destination of this.destinations.all()) if (destination.waiting.length > 0) this.#ready.add(destination);
    if (lane === undefined) return;
    this.#lostLanes.takeBack(lane, reason, (pending) => pending.sequence > lane.processed);
  }

  block(blocked: boolean): void {
    this.#blocked = blocked;
    this.flush();
  }

  /** There is another broker behind the connection, perhaps, with other limits. */
  forgetLimits(): void {
    this.#lostLanes.largestBody = Infinity;
  }

  /** Sends what waits, as far as the lanes have room. */
  flush(): void {
    void this.#quarantine.run();
    if (!this.#canSend) return;
    const ready = [...this.#ready];
    this.#ready.clear();
    for (const destination of ready) this.#pump(destination);
    this.sideLanes.pump();
  }

  /** Settles all that has no outcome with `PublisherStoppedError`. Nothing is sent any more. */
  stop(): void {
    this.#watch.stop();
    const left = [...(this.#main?.takeBack() ?? []), ...this.#quarantine.clear()];
    for (const lane of this.sideLanes.busy.keys()) left.push(...lane.takeBack());
    this.#main = undefined;
    for (const destination of this.destinations.all()) {
      this.destinations.relieve(destination);
      left.push(...destination.waiting.splice(0));
    }
    for (const pending of left) this.#finish(pending, new PublisherStoppedError('stopped before the broker confirmed'));
  }

  answered(lane: PublishLane, pending: Pending, answer: BrokerAnswer): void {
    const { destination } = pending;
    destination.onWire -= 1;
    destination.answeredAt = this.#watch.now;
    if (answer === 'refused') this.#refusals.refused(destination, pending);
    else {
      if (destination.troubled || destination.refusals > 0) this.destinations.relieve(destination);
      if (answer === 'taken') {
        if (lane === this.#main) destination.known = true;
        else destination.takenAt = this.#watch.now;
        this.#watch.taken(pending);
      }
      this.#finish(pending, answer === 'taken' ? 'routed' : 'returned');
    }
    if (destination.waiting.length > 0) this.#pump(destination);
    if (lane === this.#main) this.#watch.alive();
    else this.sideLanes.release(lane);
  }

  late({ destination }: Pending): void {
    this.destinations.relieve(destination);
    if (destination.waiting.length > 0) this.#pump(destination);
  }

  /** A lane beside the main one is gone. */
  sideLaneGone(lane: PublishLane, connectionClosedBy: CloseReason | undefined): void {
    this.sideLanes.discard(lane);
    // It carried one message, which the broker has come to where it closed the lane itself.
    const isMeant = (pending: Pending): boolean => lane.closedBy !== undefined || !this.#watch.wentOnAfter(pending);
    this.#lostLanes.takeBack(lane, lane.closedBy ?? connectionClosedBy, isMeant);
    this.flush();
  }

  /** Whether the message may go on its way although its destination is in trouble; else it waits, or has its outcome. */
  #admits(destination: Destination, pending: Pending): boolean {
    const admission = this.destinations.admit(destination, this.#watch.now);
    if (admission === 'wait') destination.waiting.push(pending);
    else if (admission === 'one-try' && this.#main !== undefined && this.#canSend) this.#send(this.#main, pending);
    else if (admission !== 'send') this.#finish(pending, admission === 'one-try' ? 'refused' : admission);
    return admission === 'send';
  }

  /** Sends what waits for this destination, as far as may be. */
  #pump(destination: Destination): void {
    const main = this.#main;
    const { now } = this.#watch;
    while (destination.waiting.length > 0 && destination.maySend) {
      if (main === undefined || !this.#canSend || (destination.met(now) && main.congested)) {
        this.#ready.add(destination);
        return;
      }
      if (!destination.met(now)) {
        if (destination.onWire === 0) this.sideLanes.request(destination);
        return;
      }
      if (destination.crowded(now)) return;
      const next = destination.waiting.shift();
      if (next !== undefined) this.#send(main, next);
    }
  }

  #sendNext(lane: PublishLane, destination: Destination): boolean {
    if (!this.#canSend) this.#ready.add(destination);
    if (!this.#canSend || !destination.maySend || destination.onWire > 0) return false;
    const next = destination.waiting.shift();
    if (next === undefined) return false;
    const sent = this.#send(lane, next);
    if (!sent && destination.waiting.length > 0) this.sideLanes.request(destination);
    return sent;
  }

  /** Whether it is on the wire now; else it cannot be sent, and has its outcome. */
  #send(lane: PublishLane, pending: Pending): boolean {
    const { destination, message } = pending;
    if (destination.retryDue) {
      destination.retryDue = false;
      destination.retried = pending;
    }
    if (message.body.length > this.#lostLanes.largestBody || !lane.send(pending, this.#watch.now)) {
      if (destination.retried === pending) this.destinations.relieve(destination);
      this.#finish(pending, 'unsendable');
      return false;
    }
    destination.onWire += 1;
    if (lane !== this.#main) this.sideLanes.occupy(lane, pending);
    return true;
  }

  #giveUp(lane: PublishLane, pending: Pending): void {
    const { destination } = pending;
    lane.abandon(pending);
    destination.onWire -= 1;
    this.destinations.bury(destination, this.#watch.now + this.#watch.deadline);
    this.#finish(pending, 'unconfirmed');
    for (const other of destination.waiting.splice(0)) this.#finish(other, 'unconfirmed');
    if (lane !== this.#main) this.sideLanes.discard(lane);
  }

  #finish(pending: Pending, outcome: ReplyOutcome | PublisherStoppedError): void {
    pending.destination.open -= 1;
    pending.settle(outcome);
  }
}
