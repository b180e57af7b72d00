import type { Channel } from 'amqplib';

import { ConsumerStuckError, Progress, type Remedy } from './progress.ts';
import { QueueWatch } from './queue-watch.ts';

/** What is looked at of the consuming. */
export interface Watched {
  readonly hasRoom: boolean;
  readonly held: number;
  review(): void;
}

export interface StandstillSettings {
  /** The request queue first. */
  readonly queues: readonly string[];
  /** Limit in milliseconds for each look. */
  readonly timeoutMs: number;
  /** How long requests may wait with nothing taken before `givenUp` rejects, in milliseconds; 0 = never. */
  readonly exitAfterMs: number;
}

/** What is done about a standstill. */
export interface StandstillOwner {
  /** Whether requests are to be taken now. */
  taking(): boolean;
  /** Told at each look, before it is judged. */
  looked(): void;
  told(remedy: Remedy, waiting: number): void;
  /** Gives up the channel. */
  rebuild(reason: string): void;
  /** Gives up the connection. */
  reconnect(reason: string): void;
}

const LOOK_EVERY_MS = 2_000;
const LOOKS_BEFORE_EXIT = 20;
const REASON = 'requests wait and none comes';

/** Compares what waits in the queue with what comes, over all channels, and says what is to be done where nothing does. */
export class Standstill {
  /** Rejects with `ConsumerStuckError` when nothing has helped for so long as the settings allow. */
  readonly givenUp: Promise<never>;
  readonly #settings: StandstillSettings;
  readonly #owner: StandstillOwner;
  readonly #progress: Progress;
  readonly #depths = new Map<string, number>();
  #over = false;
  #giveUp: (error: ConsumerStuckError) => void = () => undefined;

  constructor(settings: StandstillSettings, owner: StandstillOwner) {
    this.#settings = settings;
    this.#owner = owner;
    this.#progress = new Progress(settings.exitAfterMs);
    this.givenUp = new Promise((_, reject) => (this.#giveUp = reject));
    this.givenUp.catch(() => undefined);
  }

  /** Whether requests wait in vain, as far as is known. */
  get stands(): boolean {
    return this.#progress.standstill;
  }

  /** How many messages waited in each queue at the last look; empty before the first. */
  get depths(): ReadonlyMap<string, number> {
    return this.#depths;
  }

  /** A request was delivered or settled. */
  moved(): void {
    this.#progress.moved();
  }

  /** Looks by means of `channel` until the watch is stopped. */
  watch(channel: Channel, watched: Watched): QueueWatch {
    const { queues, timeoutMs, exitAfterMs } = this.#settings;
    const everyMs = exitAfterMs > 0 ? Math.min(LOOK_EVERY_MS, exitAfterMs / LOOKS_BEFORE_EXIT) : LOOK_EVERY_MS;
    const seen = (depths: readonly number[], sinceMs: number): void => {
      for (const [index, queue] of queues.entries()) this.#depths.set(queue, depths[index] ?? 0);
      this.#owner.looked();
      // One at a time, time alone can call for another consumer.
      watched.review();
      this.#judge(watched, depths[0] ?? 0, sinceMs);
    };
    return new QueueWatch(channel, { queues, everyMs, timeoutMs }, seen, (reason) => this.#owner.rebuild(reason));
  }

  #judge({ hasRoom, held }: Watched, waiting: number, sinceMs: number): void {
    if (this.#over) return;
    const remedy = this.#progress.judge({ waiting, hasRoom, held, excused: !this.#owner.taking() }, sinceMs);
    if (remedy === 'none') return;
    this.#owner.told(remedy, waiting);
    if (remedy === 'new channel') this.#owner.rebuild(REASON);
    else if (remedy === 'new connection') this.#owner.reconnect(REASON);
    else {
      this.#over = true;
      this.#giveUp(new ConsumerStuckError('requests wait and none is taken, or none that was taken ends'));
    }
  }
}
