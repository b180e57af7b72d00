import type { MajorityWatch } from './majority.ts';
import type { PublishChannel } from './publish-channel.ts';

export interface OutboxLimits {
  /** Milliseconds that a message may stay unconfirmed while the broker confirms others. */
  readonly confirmTimeoutMs: number;
  /** Maximum number of messages without an outcome, a quarter of them for degraded destinations. */
  readonly prefetch: number;
  /** Time limit in milliseconds for each call to the broker. */
  readonly callTimeoutMs: number;
  readonly majority: MajorityWatch;
}

export interface OutboxHost {
  /** Opens an isolated channel; reports its end to `isolatedChannelClosed`. Rejects without a connection. */
  open(): Promise<PublishChannel>;
  /** Replaces the main channel: it does not work, or (`isPlanned`) works and needs renewal. */
  rebuild(reason: string, isPlanned?: boolean): void;
  republished(reason: string, count: number): void;
}
