import type { PublisherStopped, ReplyOutcome } from '../protocol/reply.ts';
import type { Destination } from './destination.ts';
import type { Outgoing } from './messages.ts';

/** A message between `publish` and its outcome. */
export interface Pending {
  readonly message: Outgoing;
  readonly destination: Destination;
  /** The broker's `basic.return` carries it back. */
  readonly id: string;
  /** Its place among all messages, by which the order of one destination is kept. */
  readonly order: number;
  readonly settle: (outcome: ReplyOutcome | PublisherStopped) => void;
  /** Its place on the channel that it was sent on last. */
  sequence: number;
  /** The tick of the publisher's watch at which it was sent last. */
  sentAt: number;
  returned: boolean;
  /** How often the broker closed a channel or connection for a message's sake while this one could be meant. */
  strikes: number;
}

/** Puts a message in its place by order. */
export function putBack(queue: Pending[], pending: Pending): void {
  const at = queue.findIndex(({ order }) => order > pending.order);
  queue.splice(at < 0 ? queue.length : at, 0, pending);
}

/** A message that was not sent yet. */
export function newPending(
  message: Outgoing,
  destination: Destination,
  id: string,
  order: number,
  settle: Pending['settle'],
): Pending {
  return { message, destination, id, order, settle, sequence: 0, sentAt: 0, returned: false, strikes: 0 };
}
