import type { PublisherStoppedError, ReplyOutcome } from '../../protocol/reply.ts';
import type { OutgoingMessage } from '../wire/messages.ts';

/** A message between `publish` and its outcome. */
export interface Pending {
  readonly message: OutgoingMessage;
  readonly destination: Destination;
  /** The broker's `basic.return` contains it. */
  readonly id: string;
  /** Position among all messages. Keeps the messages of a destination in order. */
  readonly order: number;
  readonly settle: (outcome: ReplyOutcome | PublisherStoppedError) => void;
  /** Position on the channel on which it was sent last. */
  sequence: number;
  /** The tick of the confirm watch at which it was sent last. */
  sentAt: number;
  /** The same on the confirm watch's clock. */
  sentClock: number;
  returned: boolean;
  /**
   * How often the broker closed a channel or connection while this message may have been the cause.
   */
  closes: number;
  /** The list of unconfirmed messages in which it is, and its neighbours there. */
  list: object | undefined;
  previous: Pending | undefined;
  next: Pending | undefined;
}

/** Inserts a message at its position by `order`. */
export function insertInOrder(queue: Pending[], pending: Pending): void {
  const at = queue.findIndex(({ order }) => order > pending.order);
  queue.splice(at < 0 ? queue.length : at, 0, pending);
}

/** A message that has not been sent yet. */
export function newPending(
  message: OutgoingMessage,
  destination: Destination,
  id: string,
  order: number,
  settle: Pending['settle'],
): Pending {
  return {
    message,
    destination,
    id,
    order,
    settle,
    sequence: 0,
    sentAt: 0,
    sentClock: 0,
    returned: false,
    closes: 0,
    list: undefined,
    previous: undefined,
    next: undefined,
  };
}

/** Below RabbitMQ's quorum_commands_soft_limit of 32. */
const MAX_UNANSWERED = 30;

/** State of one routing key, while messages for it are unresolved or it is degraded. */
export class Destination {
  readonly name: string;
  /** Whether the main channel has brought a message there. */
  servedByMain: boolean;
  /** Time of the last confirm on an isolated channel, on the confirm watch's clock. */
  confirmedAt = -Infinity;
  /** Number of messages without an outcome. */
  open = 0;
  /** Number of messages that are sent and unanswered. */
  inFlight = 0;
  /** Messages to be sent later, in order. */
  readonly waiting: Pending[] = [];
  /** Time of the broker's last answer, on the same clock. */
  answeredAt = 0;
  /**
   * Its queue nacks. `retrying`: one message is retried with back-off. `abandoned`: each message
   * has a single attempt.
   */
  nackState: 'no' | 'retrying' | 'abandoned' = 'no';
  /** Nacks in a row. */
  nacksInRow = 0;
  /** Tick of the first nack in a row. */
  nackedSince = Infinity;
  /** Its messages were nacked while no queue was to blame: no bound applies to them. */
  kept = false;
  /** The message that is retried, while it is in flight. */
  retried: Pending | undefined;
  retryTimer: NodeJS.Timeout | undefined;
  /** Whether it is time to send the first waiting message. */
  retryDue = false;
  /** Whether its messages are unconfirmed while later ones to others are confirmed. */
  stalled = false;
  /** Tick since which it is stalled. */
  stalledSince = 0;
  /**
   * A message was abandoned unconfirmed: nothing is sent until this tick, or until a late answer
   * arrives.
   */
  abandonedUntil = 0;
  /**
   * It did not answer on an isolated channel that others waited for: it gets another where there are
   * enough.
   */
  withdrawn = false;

  constructor(name: string) {
    this.name = name;
    this.servedByMain = isNamedByBroker(name);
  }

  get degraded(): boolean {
    return this.nackState !== 'no' || this.stalled || this.abandonedUntil > 0;
  }

  /**
   * Whether the main channel may serve it. The first message that a channel brings to a quorum
   * queue without a majority stops that channel at the broker for a minute, so that the first
   * message must use an isolated channel. A queue that has just confirmed one has its majority.
   */
  usesMain(clock: number): boolean {
    return this.servedByMain || clock - this.confirmedAt <= 1;
  }

  /**
   * Whether more messages are in flight than a dead quorum queue can have before the broker stops
   * the connection, and none of them is answered.
   */
  saturated(clock: number): boolean {
    return this.inFlight >= MAX_UNANSWERED && clock - this.answeredAt > 1;
  }

  /** Whether its state allows the next message. */
  get canSend(): boolean {
    return !this.stalled && (this.nackState !== 'retrying' || this.retryDue);
  }

  /** Number of requests that wait for it. */
  get held(): number {
    return this.waiting.length + (this.stalled ? this.inFlight : 0);
  }
}

/**
 * Direct reply-to and server-named queues. They are never quorum queues, and nobody else may
 * declare such a name.
 */
export function isNamedByBroker(name: string): boolean {
  return name.startsWith('amq.');
}
