import type { PublisherStoppedError, ReplyOutcome } from '../../protocol/reply.ts';
import type { OutgoingMessage } from '../wire/messages.ts';

/** A message between `publish` and its outcome. */
export interface Pending {
  readonly message: OutgoingMessage;
  readonly destination: Destination;
  /** The broker's `basic.return` carries it back. */
  readonly id: string;
  /** Its place among all messages, by which the order of one destination is kept. */
  readonly order: number;
  readonly settle: (outcome: ReplyOutcome | PublisherStoppedError) => void;
  /** Its place on the channel that it was sent on last. */
  sequence: number;
  /** The tick of the publisher's watch at which it was sent last. */
  sentAt: number;
  returned: boolean;
  /** How often the broker closed a channel or connection for a message's sake while this one could be meant. */
  closes: number;
}

/** Puts a message in its place by order. */
export function insertInOrder(queue: Pending[], pending: Pending): void {
  const at = queue.findIndex(({ order }) => order > pending.order);
  queue.splice(at < 0 ? queue.length : at, 0, pending);
}

/** A message that was not sent yet. */
export function newPending(
  message: OutgoingMessage,
  destination: Destination,
  id: string,
  order: number,
  settle: Pending['settle'],
): Pending {
  return { message, destination, id, order, settle, sequence: 0, sentAt: 0, returned: false, closes: 0 };
}

/** RabbitMQ's quorum_commands_soft_limit is 32. */
const MAX_UNANSWERED = 30;

/** What the publisher knows of one routing key while something is on its way there, or something is wrong there. */
export class Destination {
  readonly name: string;
  /** The main lane has brought something there. */
  servedByMain: boolean;
  /** Tick at which it last took a message from a side lane. */
  confirmedAt = -Infinity;
  /** Messages without an outcome. */
  open = 0;
  /** Sent and not answered. */
  inFlight = 0;
  /** To be sent later, in order. */
  readonly waiting: Pending[] = [];
  /** Tick of the broker's last answer. */
  answeredAt = 0;
  /** It refuses: one message is tried again and again (`retrying`), or each gets one try only (`given-up`). */
  nackState: 'no' | 'retrying' | 'abandoned' = 'no';
  /** Refusals in a row. */
  nacksInRow = 0;
  /** The one that is tried again, while it is on the wire. */
  retried: Pending | undefined;
  retryTimer: NodeJS.Timeout | undefined;
  /** It is time to send the first that waits. */
  retryDue = false;
  /** Others were sent later and are taken, its own are not. */
  stalled = false;
  /** A message for it was given up unconfirmed: nothing is sent there until this tick, or until it answers after all. */
  abandonedUntil = 0;

  constructor(name: string) {
    this.name = name;
    this.servedByMain = isNamedByBroker(name);
  }

  get degraded(): boolean {
    return this.nackState !== 'no' || this.stalled || this.abandonedUntil > 0;
  }

  /**
   * Whether it may be served by the main lane. The first message that a channel brings to a quorum queue without majority
   * stops that channel at the broker for a minute, so that it has to be one on a side lane; but where the queue has just
   * taken one, it has its majority.
   */
  usesMain(now: number): boolean {
    return this.servedByMain || now - this.confirmedAt <= 1;
  }

  /** More is on the wire than a dead quorum queue can have without the broker stopping the connection, and none is answered. */
  saturated(now: number): boolean {
    return this.inFlight >= MAX_UNANSWERED && now - this.answeredAt > 1;
  }

  /** Whether its trouble allows the next message. */
  get canSend(): boolean {
    return !this.stalled && (this.nackState !== 'retrying' || this.retryDue);
  }

  /** Requests that wait for it. */
  get held(): number {
    return this.waiting.length + (this.stalled ? this.inFlight : 0);
  }
}

/** Direct reply-to and server-named queues, never quorum queues. Nobody else may declare such a name. */
export function isNamedByBroker(name: string): boolean {
  return name.startsWith('amq.');
}
