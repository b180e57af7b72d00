import type { SPAN_DROP_REASONS } from './catalogue.ts';
import type { RequestReport } from './request-report.ts';
import type { TraceContext } from './trace.ts';

/** How many spans were exported, and dropped by reason, since the start. */
export interface SpanCounts {
  readonly exported: number;
  readonly dropped: Readonly<Record<(typeof SPAN_DROP_REASONS)[number], number>>;
}

/** Records the traces of requests. Absent where the environment does not ask for it. */
export interface Tracing {
  /** Continues the trace that the request's headers name, or begins one. Never throws. */
  begin(headers: Readonly<Record<string, unknown>>): TraceContext;
  /** The headers of the answer. */
  headersOf(context: TraceContext): Readonly<Record<string, string>>;
  /** Queues the spans of a request. Called once for each request that began. Never throws. */
  record(report: RequestReport): void;
  counts(): SpanCounts;
  /** Exports what is queued, for `limitMs` milliseconds at most. Idempotent; never rejects. */
  close(limitMs: number): Promise<void>;
}
