import type { Channel } from 'amqplib';

import { TimeoutError, within } from '../../time/limit.ts';

export interface QueuePollerSettings {
  readonly queues: readonly string[];
  readonly everyMs: number;
  /** Limit in milliseconds for each look. */
  readonly timeoutMs: number;
}

/** Looks in a row that may get no answer: a quorum queue without a leader gives none for a time, and comes back by itself. */
const MAX_UNANSWERED = 3;

/**
 * Asks again and again how many messages wait in each queue, on a channel of its own, as the broker closes that where
 * a queue is gone. Its time goes on only while the broker answers.
 */
export class QueuePoller {
  readonly #channel: Channel;
  readonly #settings: QueuePollerSettings;
  readonly #onDepths: (waiting: readonly number[], sinceMs: number) => void;
  readonly #failed: (reason: string) => void;
  #timer: NodeJS.Timeout | undefined;
  #unanswered = 0;
  #stopped = false;

  /** `seen` gets the depths in the order of the settings' queues; `failed` is told once, and nothing is seen any more. */
  constructor(
    channel: Channel,
    settings: QueuePollerSettings,
    onDepths: (waiting: readonly number[], sinceMs: number) => void,
    failed: (reason: string) => void,
  ) {
    this.#channel = channel;
    this.#settings = settings;
    this.#onDepths = onDepths;
    this.#failed = failed;
    channel.on('error', () => undefined);
    this.#pollLater();
  }

  /** Closes its channel, without waiting for that. Idempotent. */
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
      if (!this.#stopped)
        this.#onDepths(
          answers.map(({ messageCount }) => messageCount),
          everyMs,
        );
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
