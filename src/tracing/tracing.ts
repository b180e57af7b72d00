import { randomUUID } from 'node:crypto';

import type { Tracing } from '../protocol/tracing.ts';
import { contextFrom, headersOf } from './context.ts';
import { tracingSettings, type TracingSettings } from './environment.ts';
import { ExportQueue, type Export } from './export-queue.ts';
import { SpanBuilder, type SpanNames, type SpanRecord } from './spans.ts';

/** Receives what an operator has to know of the traces. */
export interface TracingEvents {
  /** A variable has a value that cannot be used; `problem` says why, without the value. */
  misconfigured(variable: string, problem: string, error?: unknown): void;
  /** Exports fail from now on by this error; `undefined`: they succeed again. */
  exporting(error: unknown): void;
}

const NO_HEADERS = {};

/**
 * Returns the traces that the standard OTEL_ variables ask for; `undefined`, and nothing is loaded,
 * where they ask for none, or cannot be used. Never rejects: a worker works without traces, too.
 *
 * The room: environment.ts reads the variables, by variables.ts; context.ts and sampler.ts continue
 * a producer's trace; spans.ts builds spans from a request's moments; export-queue.ts holds them;
 * otlp.ts exports them, and alone knows OpenTelemetry's packages.
 */
export async function openTracing(
  environment: Readonly<Record<string, string | undefined>>,
  names: SpanNames,
  events: TracingEvents,
): Promise<Tracing | undefined> {
  const settings = tracingSettings(environment, (variable, problem) => events.misconfigured(variable, problem));
  if (settings === undefined) return undefined;
  try {
    const { otlpExport } = await import('./otlp.ts');
    return createTracing(settings, names, otlpExport(settings, randomUUID()), (error) => events.exporting(error));
  } catch (error) {
    events.misconfigured('OTEL_EXPORTER_OTLP_ENDPOINT', 'the exporter cannot be built: traces are off', error);
    return undefined;
  }
}

function createTracing(
  settings: TracingSettings,
  names: SpanNames,
  send: Export<SpanRecord>,
  onChange: (error: unknown) => void,
): Tracing {
  const queue = new ExportQueue(settings, send, onChange);
  const builder = new SpanBuilder(names);
  let closing: Promise<void> | undefined;
  return {
    begin: (headers) => contextFrom(settings.propagates ? headers : NO_HEADERS, settings.sampler),
    headersOf: (context) => (settings.propagates ? headersOf(context) : NO_HEADERS),
    record: (report) => {
      if (report.trace === undefined) return;
      const spans = builder.spansOf(report, report.trace);
      if (spans.length > 0) queue.add(spans);
    },
    counts: () => queue.counts(),
    close: (limitMs) => (closing ??= queue.close(limitMs)),
  };
}
