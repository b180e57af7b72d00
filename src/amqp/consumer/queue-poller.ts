import type { Channel, Replies } from 'amqplib';

import { TimeoutError, within } from '../../time/limit.ts';

export interface QueuePollerSettings {
  readonly queues: readonly string[];
  readonly everyMs: number;
  /** Time limit in milliseconds for each poll. */
  readonly timeoutMs: number;
}

/** Ready messages and consumers of a queue. */
export type QueueState = Pick<Replies.AssertQueue, 'messageCount' | 'consumerCount'>;

/**
 * How many polls in a row may stay unanswered: a quorum queue without a leader does not answer for
 * a time, and recovers by itself.
 */
const MAX_UNANSWERED = 3;

/**
 * Polls the numbers of messages and consumers of each queue, on its own channel, because the broker
 * closes the channel where a queue is missing. Time counts only while the broker answers.
 */
export class QueuePoller {
  readonly #channel: Channel;
  readonly #settings: QueuePollerSettings;
  readonly #onStates: (states: readonly QueueState[], sinceMs: number) => void;
  readonly #failed: (reason: string) => void;
  #timer: NodeJS.Timeout | undefined;
  #unanswered = 0;
  #stopped = false;

  /**
   * `onStates` receives the states in the order of the settings' queues. `failed` is called once,
   * and ends the polls.
   */
  constructor(
    channel: Channel,
    settings: QueuePollerSettings,
    onStates: (states: readonly QueueState[], sinceMs: number) => void,
    failed: (reason: string) => void,
  ) {
    this.#channel = channel;
    this.#settings = settings;
    this.#onStates = onStates;
    this.#failed = failed;
    channel.on('error', () => undefined);
    this.#pollLater();
  }

  /** Closes its channel without waiting for the broker. Idempotent. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#channel.close().catch(() => undefined);
  }

  #pollLater(): void {
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#poll(), this.#settings.everyMs).unref();
  }

  async #poll(): Promise<void> {
    const { queues, timeoutMs, everyMs } = this.#settings;
    try {
      const checks = Promise.all(queues.map((queue) => this.#channel.checkQueue(queue)));
      const answers = await within(timeoutMs, 'checking the queues', checks);
      this.#unanswered = 0;
      if (!this.#stopped) this.#onStates(answers, everyMs);
    } catch (error) {
      this.#unanswered += 1;
      const late = error instanceof TimeoutError;
      if (this.#stopped || (late && this.#unanswered < MAX_UNANSWERED)) return this.#pollLater();
      this.stop();
      return this.#failed(late ? error.message : 'a queue is missing');
    }
    this.#pollLater();
  }
}
