import type { Channel } from 'amqplib';

import type { Majority } from '../connection/majority-probe.ts';
import { MinorityDetector } from './minority-detector.ts';
import { ConsumerStuckError, StallDetector, type Remedy } from './stall-detector.ts';
import { QueuePoller, type OnDepths } from './queue-poller.ts';

/** The part of the subscription that is watched. */
export interface WatchedSubscription {
  readonly hasRoom: boolean;
  readonly held: number;
  review(): void;
}

export interface StallSettings {
  /** The brokers. */
  readonly urls: readonly string[];
  /** The request queue first. */
  readonly queues: readonly string[];
  /** Time limit in milliseconds for each poll. */
  readonly timeoutMs: number;
  /** Milliseconds that requests may wait without progress before `failed` rejects; 0 = never. */
  readonly exitAfterMs: number;
}

/** Carries out the remedies. */
export interface StallWatchdogHost {
  /** Whether requests should be consumed now. */
  shouldConsume(): boolean;
  /** The URL of the consumer's node. */
  url(): string | undefined;
  /** See MajorityProbe. */
  majorityOf(url: string): Promise<Majority>;
  /** Called at each poll, before its result is judged. */
  polled(): void;
  /** Called before the remedy is carried out. */
  onRemedy(remedy: Remedy, waiting: number): void;
  /** Replaces the channel. */
  rebuild(reason: string): void;
  /** Replaces the connection. */
  reconnect(reason: string): void;
}

const POLL_EVERY_MS = 2_000;
const POLLS_BEFORE_EXIT = 20;
const NO_MAJORITY = 'the node has no majority, and another has';
const REASON = 'requests wait and none is delivered';

/**
 * Compares the queue's depth with deliveries and settlements, across channels, and applies a remedy
 * where there is no progress.
 */
export class StallWatchdog {
  /**
   * Rejects with `ConsumerStuckError` when no remedy has helped within the time of the settings.
   */
  readonly failed: Promise<never>;
  readonly #settings: StallSettings;
  readonly #host: StallWatchdogHost;
  readonly #detector: StallDetector;
  readonly #minority: MinorityDetector;
  readonly #depths = new Map<string, number>();
  #failed = false;
  #fail: (error: ConsumerStuckError) => void = () => undefined;

  constructor(settings: StallSettings, host: StallWatchdogHost) {
    this.#settings = settings;
    this.#host = host;
    this.#detector = new StallDetector(settings.exitAfterMs);
    this.#minority = new MinorityDetector({
      urls: settings.urls,
      current: () => host.url(),
      ask: (url) => host.majorityOf(url),
      move: () => {
        if (!host.shouldConsume()) return;
        host.onRemedy('another node', 0);
        host.reconnect(NO_MAJORITY);
      },
    });
    this.failed = new Promise((_, reject) => (this.#fail = reject));
    this.failed.catch(() => undefined);
  }

  /** Whether the consumer counts as stalled. */
  get stalled(): boolean {
    return this.#detector.stalled;
  }

  /** Number of messages in each queue at the last poll; empty before the first. */
  get depths(): ReadonlyMap<string, number> {
    return this.#depths;
  }

  /** A request was delivered or settled. */
  recordProgress(): void {
    this.#detector.recordProgress();
    this.#minority.recordProgress();
  }

  /** Polls on `channel` until the returned poller is stopped. */
  watch(channel: Channel, watched: WatchedSubscription): QueuePoller {
    const { queues, timeoutMs, exitAfterMs } = this.#settings;
    const everyMs = exitAfterMs > 0 ? Math.min(POLL_EVERY_MS, exitAfterMs / POLLS_BEFORE_EXIT) : POLL_EVERY_MS;
    const onDepths: OnDepths = (depths, sinceMs, consumers) => {
      for (const [index, queue] of queues.entries()) this.#depths.set(queue, depths[index] ?? 0);
      this.#host.polled();
      // While consuming one at a time, time alone may call for another consumer.
      watched.review();
      void this.#minority.judge({ consumers, paused: !this.#host.shouldConsume() }, sinceMs);
      this.#judge(watched, depths[0] ?? 0, sinceMs);
    };
    return new QueuePoller(channel, { queues, everyMs, timeoutMs }, onDepths, (reason) => this.#host.rebuild(reason));
  }

  #judge({ hasRoom, held }: WatchedSubscription, waiting: number, sinceMs: number): void {
    if (this.#failed) return;
    const remedy = this.#detector.judge({ waiting, hasRoom, held, paused: !this.#host.shouldConsume() }, sinceMs);
    if (remedy === 'none') return;
    this.#host.onRemedy(remedy, waiting);
    if (remedy === 'new channel') this.#host.rebuild(REASON);
    else if (remedy === 'new connection') this.#host.reconnect(REASON);
    else {
      this.#failed = true;
      this.#fail(new ConsumerStuckError('requests wait and none is delivered, or no request in flight ends'));
    }
  }
}
