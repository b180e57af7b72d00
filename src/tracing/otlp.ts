import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';

import type { TracingSettings } from './environment.ts';
import type { Export } from './export-queue.ts';
import type { SpanRecord } from './spans.ts';

/** The only file that loads OpenTelemetry's packages; tracing.ts imports it when traces are on. */
type OtlpSpan = Parameters<OTLPTraceExporter['export']>[0][number];
type HrTime = OtlpSpan['startTime'];

const SAMPLED = 1;
const STATUS = { unset: 0, error: 2 } as const;
const SCOPE = { name: 'contacts-worker' };

/**
 * Exports spans by OTLP over HTTP, with protobuf. Headers, certificates and compression are those of
 * the OTEL_EXPORTER_OTLP_… variables; `service.name` and the rest of the resource those of
 * OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES. Throws where the exporter does not accept them.
 */
export function otlpExport(
  { url, timeoutMs }: Pick<TracingSettings, 'url' | 'timeoutMs'>,
  instanceId: string,
): Export<SpanRecord> {
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: timeoutMs });
  const own = resourceFromAttributes({ 'service.name': SCOPE.name, 'service.instance.id': instanceId });
  const resource = own.merge(detectResources({ detectors: [envDetector] }));
  return (spans) =>
    new Promise((resolve) => {
      exporter.export(
        spans.map((span) => otlpSpan(span, resource)),
        ({ error }) => resolve(error),
      );
      // What the exporter throws is a failed export, too.
    }).catch((error: unknown) => error);
}

function otlpSpan(span: SpanRecord, resource: OtlpSpan['resource']): OtlpSpan {
  const { name, kind, traceId, spanId, parentSpanId, state, startMs, endMs, attributes, links, failed } = span;
  const traceState = state === undefined ? undefined : traceStateOf(state);
  const context = (id: string) => ({ traceId, spanId: id, traceFlags: SAMPLED, ...(traceState && { traceState }) });
  const linkOf = (link: SpanRecord['links'][number]) => ({ context: { ...link, traceFlags: SAMPLED } });
  return {
    name,
    kind,
    spanContext: () => context(spanId),
    ...(parentSpanId !== undefined && { parentSpanContext: context(parentSpanId) }),
    startTime: hrTime(startMs),
    endTime: hrTime(endMs),
    duration: hrTime(endMs - startMs),
    status: { code: failed ? STATUS.error : STATUS.unset },
    attributes: { ...attributes },
    links: links.map(linkOf),
    events: [],
    ended: true,
    resource,
    instrumentationScope: SCOPE,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

/** What the exporter asks of a trace state: its text. */
function traceStateOf(text: string): NonNullable<ReturnType<OtlpSpan['spanContext']>['traceState']> {
  return {
    serialize: () => text,
    get: () => undefined,
    set: () => traceStateOf(text),
    unset: () => traceStateOf(text),
  };
}

function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1_000_000)];
}
