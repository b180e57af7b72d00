import type { SETTLEMENTS } from '../../protocol/catalogue.ts';
import type { Diagnosis } from '../../protocol/settlement.ts';
import type { CautionReason } from './cautious-prefetch.ts';
import type { DeadLetterEvents } from './dead-letter-publisher.ts';
import type { ChannelEvents } from '../connection/supervised-channel.ts';
import type { Remedy } from './stall-detector.ts';

/** How a delivery was settled. `lost`: its channel was closed, so that the broker redelivers it. */
export type Settled = (typeof SETTLEMENTS)[number];

/** Events of the consumer. */
export interface ConsumerEvents extends ChannelEvents, DeadLetterEvents {
  delivered(redelivered: boolean): void;
  /** `ms`: milliseconds since the delivery. */
  settled(how: Settled, ms: number): void;
  /**
   * The request is in the dead-letter queue with its diagnosis. Its delivery is settled as
   * `dead-lettered` next.
   */
  deadLettered(diagnosis: Diagnosis): void;
  /** The handler rejected, against its contract. The delivery was requeued. */
  handlerFailed(error: unknown): void;
  /** Requests are consumed one at a time from now on; `undefined`: with the full prefetch again. */
  cautious(reason: CautionReason | undefined): void;
  /**
   * A delivery starts that the broker has charged often with the ends of channels and processes.
   */
  charged(deliveryCount: number): void;
  /** `waiting` requests wait and none is delivered, or no request in flight ends. */
  stalled(remedy: Remedy, waiting: number): void;
  /** One of several queues is passed on to another worker, or claimed, or consumed differently. */
  handedOver(queue: string, reason: string): void;
  /** The queue was declared by an earlier build, without a delivery limit. Reported once. */
  outdated(queue: string): void;
  /** A queue was recreated with other arguments while the worker consumed. It goes on consuming. */
  mismatched(error: Error): void;
}
