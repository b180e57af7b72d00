import type { QueueFigures } from '../context.ts';
import type { OldestRequest, Trend } from './backlog.ts';
import type { FailureRates, MethodRates, Rates, StageTime } from './rates.ts';
import type { QueueState, WorkerState } from './states.ts';
import type { Verdict } from './verdicts.ts';

/** One point of the plots. */
export interface HistoryPoint extends Rates {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly waiting: number | null;
  readonly dead: number | null;
  readonly in_flight: number;
}

/** `GET /api/overview`. */
export interface Overview {
  readonly time: string;
  readonly queue: string;
  readonly verdicts: readonly Verdict[];
  /** All request queues; `null`: none exists, or the broker cannot be asked. */
  readonly requests: QueueFigures | null;
  /** Each of them. */
  readonly queues: readonly QueueState[];
  readonly oldest_request: OldestRequest;
  readonly trend: Trend;
  readonly dead_letters: QueueFigures | null;
  readonly rates: Rates;
  readonly in_flight: number;
  readonly workers: readonly WorkerState[];
  readonly methods: readonly MethodRates[];
  readonly failures: readonly FailureRates[];
  readonly stages: readonly StageTime[];
}
