import type { ReplyOutcome } from '../../protocol/reply.ts';
import { largestBodyOf, strikesNeeded, type CloseReason } from './close-reason.ts';
import type { PublishLane } from './publish-lane.ts';
import { putBack, type Destination, type Pending } from './pending.ts';
import type { Quarantine } from './quarantine.ts';

export interface LostLanesHost {
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
export class LostLanes {
  /** Bytes that the broker takes, where it has told so. */
  largestBody = Infinity;
  readonly #quarantine: Quarantine;
  readonly #host: LostLanesHost;

  constructor(quarantine: Quarantine, host: LostLanesHost) {
    this.#quarantine = quarantine;
    this.#host = host;
  }

  /** `reason`: the broker's, where it closed the lane or its connection; `isMeant`: whether it can have meant this message. */
  takeBack(lane: PublishLane, reason: CloseReason | undefined, isMeant: (pending: Pending) => boolean): void {
    const needed = strikesNeeded(reason);
    this.largestBody = Math.min(this.largestBody, largestBodyOf(reason));
    let lost = 0;
    let suspected = 0;
    for (const pending of lane.takeBack()) {
      this.#offTheWire(pending);
      this.#host.ready(pending.destination);
      const isSuspect = needed < Infinity && isMeant(pending);
      const wasAlone = this.#quarantine.examined === pending;
      if (isSuspect) pending.strikes += 1;
      if (isSuspect && wasAlone && pending.strikes >= needed) this.#host.finish(pending, 'unsendable');
      else if (isSuspect || wasAlone) {
        this.#quarantine.add(pending);
        suspected += 1;
      } else {
        putBack(pending.destination.waiting, pending);
        lost += 1;
      }
    }
    if (lost > 0) this.#host.republished('confirm lost', lost);
    if (suspected > 0) this.#host.republished('closed by the broker', suspected);
  }

  #offTheWire(pending: Pending): void {
    const { destination } = pending;
    destination.onWire -= 1;
    if (destination.retried !== pending) return;
    destination.retried = undefined;
    destination.retryDue = true;
  }
}
