import type { Channel } from 'amqplib';

import { ConsumerStuckError, StallDetector, type Remedy } from './stall-detector.ts';
import { QueuePoller } from './queue-poller.ts';

/** What is looked at of the consuming. */
export interface WatchedSubscription {
  readonly hasRoom: boolean;
  readonly held: number;
  review(): void;
}

export interface StallSettings {
  /** The request queue first. */
  readonly queues: readonly string[];
  /** Limit in milliseconds for each look. */
  readonly timeoutMs: number;
  /** How long requests may wait with nothing taken before `givenUp` rejects, in milliseconds; 0 = never. */
  readonly exitAfterMs: number;
}

/** What is done about a standstill. */
export interface StallWatchdogHost {
  /** Whether requests are to be taken now. */
  shouldConsume(): boolean;
  /** Told at each look, before it is judged. */
  polled(): void;
  applied(remedy: Remedy, waiting: number): void;
  /** Gives up the channel. */
  rebuild(reason: string): void;
  /** Gives up the connection. */
  reconnect(reason: string): void;
}

const POLL_EVERY_MS = 2_000;
const POLLS_BEFORE_EXIT = 20;
const REASON = 'requests wait and none comes';

/** Compares what waits in the queue with what comes, over all channels, and says what is to be done where nothing does. */
export class StallWatchdog {
  /** Rejects with `ConsumerStuckError` when nothing has helped for so long as the settings allow. */
  readonly failed: Promise<never>;
  readonly #settings: StallSettings;
  readonly #host: StallWatchdogHost;
  readonly #detector: StallDetector;
  readonly #depths = new Map<string, number>();
  #failed = false;
  #fail: (error: ConsumerStuckError) => void = () => undefined;

  constructor(settings: StallSettings, host: StallWatchdogHost) {
    this.#settings = settings;
    this.#host = host;
    this.#detector = new StallDetector(settings.exitAfterMs);
    this.failed = new Promise((_, reject) => (this.#fail = reject));
    this.failed.catch(() => undefined);
  }

  /** Whether requests wait in vain, as far as is known. */
  get stalled(): boolean {
    return this.#detector.stalled;
  }

  /** How many messages waited in each queue at the last look; empty before the first. */
  get depths(): ReadonlyMap<string, number> {
    return this.#depths;
  }

  /** A request was delivered or settled. */
  recordProgress(): void {
    this.#detector.recordProgress();
  }

  /** Looks by means of `channel` until the watch is stopped. */
  watch(channel: Channel, watched: WatchedSubscription): QueuePoller {
    const { queues, timeoutMs, exitAfterMs } = this.#settings;
    const everyMs = exitAfterMs > 0 ? Math.min(POLL_EVERY_MS, exitAfterMs / POLLS_BEFORE_EXIT) : POLL_EVERY_MS;
    const onDepths = (depths: readonly number[], sinceMs: number): void => {
      for (const [index, queue] of queues.entries()) this.#depths.set(queue, depths[index] ?? 0);
      this.#host.polled();
      // One at a time, time alone can call for another consumer.
      watched.review();
      this.#judge(watched, depths[0] ?? 0, sinceMs);
    };
    return new QueuePoller(channel, { queues, everyMs, timeoutMs }, onDepths, (reason) => this.#host.rebuild(reason));
  }

  #judge({ hasRoom, held }: WatchedSubscription, waiting: number, sinceMs: number): void {
    if (this.#failed) return;
    const remedy = this.#detector.judge({ waiting, hasRoom, held, paused: !this.#host.shouldConsume() }, sinceMs);
    if (remedy === 'none') return;
    this.#host.applied(remedy, waiting);
    if (remedy === 'new channel') this.#host.rebuild(REASON);
    else if (remedy === 'new connection') this.#host.reconnect(REASON);
    else {
      this.#failed = true;
      this.#fail(new ConsumerStuckError('requests wait and none is taken, or none that was taken ends'));
    }
  }
}
