import type { Diagnosis } from '../../protocol/settlement.ts';
import type { CautionReason } from './cautious-prefetch.ts';
import type { DeadLetterEvents } from './dead-letter-publisher.ts';
import type { ChannelEvents } from '../connection/supervised-channel.ts';
import type { Remedy } from './stall-detector.ts';

/** What became of a delivery at the broker; `lost`: its channel was gone, so the broker hands it out again. */
export type Settled = 'acknowledged' | 'dead-lettered' | 'handed-back' | 'lost';

/** What the consumer tells its owner. */
export interface ConsumerEvents extends ChannelEvents, DeadLetterEvents {
  delivered(redelivered: boolean): void;
  settled(how: Settled): void;
  /** Its diagnosis went with it; the delivery is settled as `dead-lettered` next. */
  deadLettered(diagnosis: Diagnosis): void;
  /** The handler broke its promise never to reject; the delivery was handed back. */
  handlerFailed(error: unknown): void;
  /** Requests are taken one at a time from now on; `undefined`: as many as usual again. */
  cautious(reason: CautionReason | undefined): void;
  /** A delivery is started that the broker has charged often for channels and processes that ended. */
  charged(deliveryCount: number): void;
  /** `waiting` requests wait and none comes, or nothing that was taken ends. */
  stalled(remedy: Remedy, waiting: number): void;
  /** The queue is as an earlier build declared it, without a delivery limit of its own. Told once. */
  outdated(queue: string): void;
  /** A queue was made anew with other arguments while requests were taken; they still are. */
  mismatched(error: Error): void;
}
