import { SingleBar } from 'cli-progress';

import type { Counts } from './run.ts';

const EVERY_MS = 200;
const FORMAT = '{bar} {percentage}% | {rows} rows | {rate}/s | {left} left | {rejected} rejected';

/** A progress bar with rate and time left, on a terminal. */
export class Progress {
  readonly #bar: SingleBar;
  readonly #timer: NodeJS.Timeout;
  readonly #start = performance.now();
  readonly #counts: Counts;
  readonly #read: () => number;
  readonly #total: number;

  /** `read` returns the bytes read so far, of `total`. */
  constructor(stream: NodeJS.WritableStream, counts: Counts, total: number, read: () => number) {
    this.#counts = counts;
    this.#read = read;
    this.#total = total;
    this.#bar = new SingleBar({ stream, format: FORMAT, barsize: 24, hideCursor: true, clearOnComplete: true });
    this.#bar.start(Math.max(total, 1), 0, this.#payload(0));
    this.#timer = setInterval(() => this.#update(), EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#update();
    this.#bar.stop();
  }

  #update(): void {
    const read = this.#read();
    this.#bar.update(Math.min(read, this.#total), this.#payload(read));
  }

  #payload(read: number): Record<string, string | number> {
    const { rows, rejected } = this.#counts;
    const seconds = (performance.now() - this.#start) / 1_000;
    const left = read === 0 ? undefined : (seconds * (this.#total - read)) / read;
    return { rows, rejected, rate: rateOf(rows, seconds), left: left === undefined ? '?' : durationText(left) };
  }
}

export function rateOf(rows: number, seconds: number): number {
  return seconds < 0.001 ? rows : Math.round(rows / seconds);
}

/** `1h 02m`, `3m 20s`, `12s`. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number): string => String(value).padStart(2, '0');
  if (whole >= 3_600) return `${Math.floor(whole / 3_600)}h ${two(Math.floor((whole % 3_600) / 60))}m`;
  return whole >= 60 ? `${Math.floor(whole / 60)}m ${two(whole % 60)}s` : `${whole}s`;
}
