import type { Delivery } from '../../protocol/delivery.ts';
import type { Settlement } from '../../protocol/settlement.ts';

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
}

/** Returns the settlement of a delivery. Must not reject. */
export type Handler = (delivery: Delivery) => Promise<Settlement>;
