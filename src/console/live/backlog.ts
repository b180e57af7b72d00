import type { NamedQueue } from './states.ts';
import type { WorkerPage } from './worker-page.ts';

/** How long the oldest request has not been answered. */
export interface OldestRequest {
  /** `null`: not known. */
  readonly age_seconds: number | null;
  /**
   * `timestamp`: by the producer's clock, of the requests that workers have. `observed`: at least
   * this old, as it waits since then and nobody consumes.
   */
  readonly source: 'timestamp' | 'observed' | 'nothing waits' | 'unknown';
  /** In words, for the page. */
  readonly text: string;
}

/** How the number of waiting requests changes. */
export interface Trend {
  /** `null`: not known yet. */
  readonly per_second: number | null;
  /** `null`: it does not shrink. */
  readonly empty_in_seconds: number | null;
}

/** Points of the plots, as far as the trend needs them. */
interface Depth {
  readonly time: number;
  readonly waiting: number | null;
}

const TREND_MS = 60_000;
const MIN_TREND_MS = 10_000;

/**
 * Watches queues that nobody consumes: what waits in them now has waited since the queue was first
 * seen so, unless messages left it by another way.
 */
export class Backlog {
  readonly #since = new Map<string, { readonly time: number; messages: number }>();
  #dead = 0;

  /**
   * Called for each look at all queues; `time` in milliseconds since the epoch. More dead letters,
   * while nobody consumes: the broker's, of requests that expired.
   */
  look(time: number, queues: readonly NamedQueue[], dead = 0): void {
    if (dead > this.#dead) this.#since.clear();
    this.#dead = dead;
    for (const { name, figures } of queues) {
      const known = this.#since.get(name);
      const isStuck = figures !== undefined && figures.consumers === 0 && figures.messages > 0;
      if (!isStuck) this.#since.delete(name);
      else if (known === undefined || figures.messages < known.messages) {
        this.#since.set(name, { time, messages: figures.messages });
      } else known.messages = figures.messages;
    }
  }

  /** What could not be looked at may have been consumed meanwhile. */
  forget(): void {
    this.#since.clear();
  }

  oldest(time: number, waiting: number | null, pages: readonly WorkerPage[]): OldestRequest {
    const byTimestamp = Math.max(0, ...pages.map(({ oldestAgeS }) => oldestAgeS));
    const starts = [...this.#since.values()].map((each) => each.time);
    const observed = starts.length === 0 ? 0 : (time - Math.min(...starts)) / 1_000;
    if (byTimestamp > 0 && byTimestamp >= observed) {
      return { age_seconds: Math.round(byTimestamp), source: 'timestamp', text: 'by its timestamp' };
    }
    if (starts.length > 0) {
      return { age_seconds: Math.round(observed), source: 'observed', text: 'at least: nobody consumes since then' };
    }
    const inFlight = pages.reduce((sum, page) => sum + page.inFlight, 0);
    if (waiting === 0 && inFlight === 0) return { age_seconds: 0, source: 'nothing waits', text: 'no request waits' };
    const text = pages.length === 0 ? 'no worker’s metrics can be read' : 'no request in flight has a timestamp';
    return { age_seconds: null, source: 'unknown', text };
  }
}

/** The change over the last minute. */
export function trendOf(history: readonly Depth[]): Trend {
  const last = history.at(-1);
  const first = history.find(({ time, waiting }) => waiting !== null && time >= (last?.time ?? 0) - TREND_MS);
  if (last === undefined || first === undefined || last.waiting === null || first.waiting === null) return UNKNOWN;
  const seconds = (last.time - first.time) / 1_000;
  if (seconds * 1_000 < MIN_TREND_MS) return UNKNOWN;
  const perSecond = (last.waiting - first.waiting) / seconds;
  const empty = perSecond < 0 ? Math.round(last.waiting / -perSecond) : null;
  return { per_second: Math.round(perSecond * 100) / 100, empty_in_seconds: empty };
}

const UNKNOWN: Trend = { per_second: null, empty_in_seconds: null };
