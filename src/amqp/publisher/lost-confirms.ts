import type { ReplyOutcome } from '../../protocol/reply.ts';
import { maxBodyOf, closesToBlame, type CloseReason } from '../connection/broker-errors.ts';
import type { PublishChannel } from './publish-channel.ts';
import { insertInOrder, type Destination, type Pending } from './pending.ts';
import type { Quarantine } from './quarantine.ts';

export interface LostConfirmsHost {
  finish(pending: Pending, outcome: ReplyOutcome): void;
  /** What waits for this destination can be sent, perhaps. */
  ready(destination: Destination): void;
  republished(reason: string, count: number): void;
}

/**
 * Decides what becomes of messages whose lane is gone. What was sent and not answered has an unknown outcome and is
 * published again. Where the broker closed the channel or the connection for a message's sake, those that it can have
 * meant are examined one by one.
 */
export class LostConfirms {
  /** Bytes that the broker takes, where it has told so. */
  maxBody = Infinity;
  readonly #quarantine: Quarantine;
  readonly #host: LostConfirmsHost;

  constructor(quarantine: Quarantine, host: LostConfirmsHost) {
    this.#quarantine = quarantine;
    this.#host = host;
  }

  /** `reason`: the broker's, where it closed the lane or its connection; `isMeant`: whether it can have meant this message. */
  takeUnconfirmed(
    channel: PublishChannel,
    reason: CloseReason | undefined,
    mayBeCause: (pending: Pending) => boolean,
  ): void {
    const needed = closesToBlame(reason);
    this.maxBody = Math.min(this.maxBody, maxBodyOf(reason));
    let lost = 0;
    let suspected = 0;
    for (const pending of channel.takeUnconfirmed()) {
      this.#removeFromFlight(pending);
      this.#host.ready(pending.destination);
      const isSuspect = needed < Infinity && mayBeCause(pending);
      const wasAlone = this.#quarantine.suspectInFlight === pending;
      if (isSuspect) pending.closes += 1;
      if (isSuspect && wasAlone && pending.closes >= needed) this.#host.finish(pending, 'unsendable');
      else if (isSuspect || wasAlone) {
        this.#quarantine.add(pending);
        suspected += 1;
      } else {
        insertInOrder(pending.destination.waiting, pending);
        lost += 1;
      }
    }
    if (lost > 0) this.#host.republished('confirm lost', lost);
    if (suspected > 0) this.#host.republished('closed by the broker', suspected);
  }

  #removeFromFlight(pending: Pending): void {
    const { destination } = pending;
    destination.inFlight -= 1;
    if (destination.retried !== pending) return;
    destination.retried = undefined;
    destination.retryDue = true;
  }
}
