import type { ConsumeMessage } from 'amqplib';

/** What the subscription asks of the consumer, and reports to it. */
export interface SubscriptionHost {
  /** Whether requests should be consumed now. */
  shouldConsume(): boolean;
  /** Whether to consume one request at a time. */
  oneAtATime(): boolean;
  received(message: ConsumeMessage): void;
  /** A delivery that has not begun goes back with its channel. */
  lost(message: ConsumeMessage): void;
  /** The broker cancelled the consumer, or a change of it failed: replace the channel. */
  failed(reason: string): void;
  /** A single active consumer passes its queue on: replace the channel on purpose. */
  release(reason: string): void;
}

export interface SubscriptionSettings {
  readonly queue: string;
  /** Maximum number of unsettled deliveries, 1 … 2000. */
  readonly prefetch: number;
  /** Time limit in milliseconds for each call to the broker. */
  readonly timeoutMs: number;
  /** Set where the broker delivers to one consumer of the queue at a time. */
  readonly several?: object | undefined;
}

/** A consumer of the broker's. */
export interface OpenConsumer {
  readonly tag: string;
  /** Its prefetch count. */
  readonly size: number;
  /** Number of its unsettled deliveries. */
  held: number;
  /** Whether the broker has confirmed it. */
  confirmed: boolean;
}
