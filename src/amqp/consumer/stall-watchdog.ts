import type { Channel } from 'amqplib';

import type { RequestQueue } from '../../protocol/request-queues.ts';
import type { ConnectionSettings } from '../connection/connection.ts';
import { MajorityProbe, majorityQueuesOf } from '../connection/majority-probe.ts';
import { MinorityDetector } from './minority-detector.ts';
import { ConsumerStuckError, StallDetector, type Remedy } from './stall-detector.ts';
import type { OneOfSeveral } from './consumer-settings.ts';
import { QueuePoller, type QueueState } from './queue-poller.ts';

/** The part of the subscription that is watched. */
export interface WatchedSubscription {
  readonly hasRoom: boolean;
  readonly held: number;
  review(): void;
}

export interface StallSettings {
  readonly connection: ConnectionSettings;
  readonly queue: RequestQueue;
  /** Milliseconds that requests may wait without progress before `failed` rejects; 0 = never. */
  readonly exitAfterMs: number;
  /** Set where the request queue is one of several, with one active consumer. */
  readonly several?: Pick<OneOfSeveral, 'share' | 'roster' | 'majority'> | undefined;
}

/** Carries out the remedies. */
export interface StallWatchdogHost {
  /** Whether requests should be consumed now. */
  shouldConsume(): boolean;
  /** The URL of the consumer's node. */
  url(): string | undefined;
  /** Called at each poll, before its result is judged. */
  polled(): void;
  /** Called before the remedy is carried out. */
  onRemedy(remedy: Remedy, waiting: number): void;
  /** Becomes the active consumer of the queue, one of several. */
  claim(): void;
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
    const { connection, queue, several } = settings;
    const majority = several?.majority ?? new MajorityProbe(connection, majorityQueuesOf(queue.queue));
    this.#minority = new MinorityDetector({
      urls: connection.urls,
      current: () => host.url(),
      ask: (url) => majority.ask(url),
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
    const { connection, queue, several, exitAfterMs } = this.#settings;
    const queues = [queue.queue, queue.deadLetterQueue];
    const everyMs = exitAfterMs > 0 ? Math.min(POLL_EVERY_MS, exitAfterMs / POLLS_BEFORE_EXIT) : POLL_EVERY_MS;
    const onStates = (states: readonly QueueState[], sinceMs: number): void => {
      for (const [index, name] of queues.entries()) this.#depths.set(name, states[index]?.messageCount ?? 0);
      this.#host.polled();
      // While consuming one at a time, time alone may call for another consumer.
      watched.review();
      several?.roster.join(channel).catch(() => undefined);
      const consumers = states[0]?.consumerCount ?? 0;
      void this.#minority.judge({ consumers, paused: !this.#host.shouldConsume() }, sinceMs);
      this.#judge(watched, states[0]?.messageCount ?? 0, states[queues.length]?.consumerCount ?? 1, sinceMs);
    };
    const polled = several === undefined ? queues : [...queues, several.roster.queue];
    return new QueuePoller(channel, { queues: polled, everyMs, timeoutMs: connection.timeoutMs }, onStates, (reason) =>
      this.#host.rebuild(reason),
    );
  }

  #judge({ hasRoom, held }: WatchedSubscription, waiting: number, workers: number, sinceMs: number): void {
    if (this.#failed) return;
    const { queue, several } = this.#settings;
    const sample = { waiting, hasRoom, held, paused: !this.#host.shouldConsume() };
    const { progressed } = this.#detector;
    if (several?.share.shouldClaim(queue.queue, { ...sample, workers, progressed }) === true) this.#host.claim();
    // Of several workers the broker may deliver to another.
    const remedy = this.#detector.judge(workers > 1 ? { ...sample, waiting: 0 } : sample, sinceMs);
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
