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
  /** Consumed by each worker; only with several request queues. */
  readonly roster?: QueueFigures | undefined;
  readonly dead: QueueFigures | undefined;
}

/**
 * All messages of the queues that exist, and the number of workers that consume them, 0 where nobody
 * consumes one of them; `undefined` where none exists. Of several queues each counts only its active
 * consumer: then `roster` is the queue that each worker consumes.
 */
export function allRequests(queues: readonly NamedQueue[], roster?: QueueFigures): QueueFigures | undefined {
  const known = queues.flatMap(({ figures }) => figures ?? []);
  if (known.length === 0) return undefined;
  const messages = known.reduce((total, each) => total + each.messages, 0);
  const fewest = Math.min(...known.map(({ consumers }) => consumers));
  return { messages, consumers: fewest === 0 ? 0 : (roster?.consumers ?? fewest) };
}
