import type { QueueFigures } from '../context.ts';

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
