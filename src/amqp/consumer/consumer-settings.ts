import type { ChannelModel } from 'amqplib';

import type { Delivery } from '../../protocol/delivery.ts';
import { singleQueue, type RequestQueue } from '../../protocol/request-queues.ts';
import type { Settlement } from '../../protocol/settlement.ts';
import type { QueueShare } from './queue-share.ts';
import type { Roster } from './roster.ts';
import type { SharedMajority } from './shared-majority.ts';

export interface ConsumerSettings {
  readonly queue: string;
  /** Maximum number of unsettled deliveries, 1 … 2000. */
  readonly prefetch: number;
  /**
   * The consumer's priority at the broker, 0 … 2147483647. The broker delivers to a lower one only
   * what higher ones have no prefetch left for.
   */
  readonly priority: number;
  /** Milliseconds without progress before `ended` rejects with `ConsumerStuckError`; 0 = never. */
  readonly exitWhenStuckMs: number;
  /** Declares the exchange in front of several queues, or checks that there is none. */
  readonly declareExchange?: ((model: ChannelModel) => Promise<void>) | undefined;
  /** Set where the queue is one of several. */
  readonly several?: OneOfSeveral | undefined;
}

/** What the consumers of several queues have in common. */
export interface OneOfSeveral {
  readonly deadLetterQueue: string;
  readonly share: QueueShare;
  readonly roster: Roster;
  readonly majority: SharedMajority;
}

/** Returns the settlement of a delivery. Must not reject. */
export type Handler = (delivery: Delivery) => Promise<Settlement>;

export function requestQueueOf({ queue, several }: ConsumerSettings): RequestQueue {
  if (several === undefined) return singleQueue(queue);
  return { queue, deadLetterQueue: several.deadLetterQueue, isSingleActive: true };
}
