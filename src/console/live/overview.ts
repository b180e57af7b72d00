import type { QueueFigures } from '../context.ts';
import type { OldestRequest, Trend } from './backlog.ts';
import type { Verdict } from './verdicts.ts';
import type { FailureRates, MethodRates, Rates, StageTime } from './rates.ts';

/** One worker, as its metrics page says. */
export interface WorkerState {
  /** Host and port of its metrics. */
  readonly name: string;
  readonly state: 'consuming' | 'holding' | 'unreachable';
  /** Why it holds, or cannot be read. */
  readonly reasons: readonly { readonly code: string; readonly text: string }[];
  readonly in_flight: number | null;
  readonly requests_per_second: number | null;
  readonly uptime_seconds: number | null;
  readonly memory_bytes: number | null;
  readonly event_loop_p99_ms: number | null;
  readonly reconnects: number | null;
}

/** One point of the plots. */
export interface HistoryPoint extends Rates {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly waiting: number | null;
  readonly dead: number | null;
  readonly in_flight: number;
}

/** One of the queues that requests wait in; no figures: it does not exist. */
export interface NamedQueue {
  readonly name: string;
  readonly figures: QueueFigures | undefined;
}

/** As `NamedQueue`, for the page. */
export interface QueueState {
  readonly name: string;
  readonly messages: number | null;
  readonly consumers: number | null;
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

/** What one look at the broker found. */
export interface BrokerState {
  /** Why the broker cannot be asked; `undefined` where it answers. */
  readonly problem: string | undefined;
  readonly queues: readonly NamedQueue[];
  readonly dead: QueueFigures | undefined;
}

/** The figures of all queues that exist, added up; `undefined` where none does. */
export function allRequests(queues: readonly NamedQueue[]): QueueFigures | undefined {
  const known = queues.flatMap(({ figures }) => figures ?? []);
  if (known.length === 0) return undefined;
  const sum = (of: (figures: QueueFigures) => number): number => known.reduce((total, each) => total + of(each), 0);
  return { messages: sum(({ messages }) => messages), consumers: sum(({ consumers }) => consumers) };
}
