import type { ReplyOutcome } from '../../protocol/reply.ts';
import { maxBodyOf, closesToBlame, type CloseReason } from '../connection/broker-errors.ts';
import type { PublishChannel } from './publish-channel.ts';
import { insertInOrder, type Destination, type Pending } from './pending.ts';
import type { Quarantine } from './quarantine.ts';

export interface LostConfirmsHost {
  finish(pending: Pending, outcome: ReplyOutcome): void;
  /** The destination's waiting messages may be sendable now. */
  ready(destination: Destination): void;
  republished(reason: string, count: number): void;
}

/**
 * Decides what happens to the unconfirmed messages of a closed channel. Their outcomes are unknown,
 * so that they are published again. Where the broker closed the channel or the connection over a
 * message, every possible cause goes into quarantine and is tested alone.
 */
export class LostConfirms {
  /** The largest body in bytes that the broker accepts, as far as it has reported that. */
  maxBody = Infinity;
  readonly #quarantine: Quarantine;
  readonly #host: LostConfirmsHost;

  constructor(quarantine: Quarantine, host: LostConfirmsHost) {
    this.#quarantine = quarantine;
    this.#host = host;
  }

  /**
   * `reason`: why the broker closed the channel or its connection, if it did. `mayBeCause`: whether
   * the broker may have closed it over this message.
   */
  takeUnconfirmed(
    channel: PublishChannel,
    reason: CloseReason | undefined,
    mayBeCause: (pending: Pending) => boolean,
  ): void {
    const needed = closesToBlame(reason);
    this.maxBody = Math.min(this.maxBody, maxBodyOf(reason));
    let lost = 0;
    let suspected = 0;
    for (const pending of channel.unconfirmed.take()) {
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

  /** These messages give way to others. Their outcomes are unknown. */
  takeBack(silent: readonly (readonly [PublishChannel, Pending])[]): void {
    for (const [channel, pending] of silent) {
      channel.abandon(pending);
      this.#removeFromFlight(pending);
      pending.destination.withdrawn = true;
      insertInOrder(pending.destination.waiting, pending);
    }
    if (silent.length > 0) this.#host.republished('another queue waits', silent.length);
  }

  #removeFromFlight(pending: Pending): void {
    const { destination } = pending;
    destination.inFlight -= 1;
    if (destination.inFlight === 0) destination.stalled = false;
    if (destination.retried !== pending) return;
    destination.retried = undefined;
    destination.retryDue = true;
  }
}
