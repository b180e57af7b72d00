import type { RequestReport } from '../protocol/request-report.ts';
import type { BatchRun } from '../protocol/timeline.ts';
import type { TraceContext } from '../protocol/trace.ts';
import { newId } from './context.ts';

/** The kinds that are used here, by OpenTelemetry's numbers. */
const KIND = { internal: 0, client: 2, producer: 3, consumer: 4 } as const;

/** A finished span, before it has OpenTelemetry's form. */
export interface SpanRecord {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly state: string | undefined;
  /** Milliseconds since the epoch. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** Spans of other traces, or of the same one, that it belongs together with. */
  readonly links: readonly Link[];
  readonly failed: boolean;
}

export interface Link {
  readonly traceId: string;
  readonly spanId: string;
}

/** The names that the semantic conventions want in the attributes. */
export interface SpanNames {
  readonly queue: string;
  readonly database: string;
}

/** As many as OpenTelemetry's limit for the links of one span. */
const MAX_LINKS = 128;

interface OpenBatch extends Link {
  readonly links: Link[];
  /** Requests of the batch that have not been reported. */
  remaining: number;
}

/** Builds the spans of requests, and of their batches, from the moments of their reports. */
export class SpanBuilder {
  readonly #names: SpanNames;
  readonly #batches = new WeakMap<BatchRun, OpenBatch>();
  #clockOffsetMs = 0;

  constructor(names: SpanNames) {
    this.#names = names;
  }

  /** Called once for each request, recorded or not: the batch's span follows its last request. */
  spansOf(report: RequestReport, context: TraceContext): SpanRecord[] {
    const { run } = report.timeline;
    this.#updateClock();
    const batch = run === undefined || run.size < 2 ? undefined : this.#batchOf(run);
    const spans = context.sampled ? this.#requestSpans(report, context, batch) : [];
    if (batch !== undefined && run !== undefined && batch.remaining === 0 && batch.links.length > 0) {
      spans.push(this.#databaseSpan(report.method, run, { ...batch, parentSpanId: undefined, state: undefined }));
    }
    return spans;
  }

  #batchOf(run: BatchRun): OpenBatch {
    const batch = this.#batches.get(run) ?? { traceId: newId(16), spanId: newId(8), links: [], remaining: run.size };
    batch.remaining -= 1;
    this.#batches.set(run, batch);
    return batch;
  }

  #requestSpans(report: RequestReport, context: TraceContext, batch: OpenBatch | undefined): SpanRecord[] {
    const { admittedAt, decodedAt, run, concludedAt, encodedAt, repliedAt } = report.timeline;
    const spans = [this.#processSpan(report, context)];
    const stage = (name: string, from: number, to: number): number =>
      spans.push(this.#span(context, { name, startMs: from, endMs: to }));
    if (decodedAt > 0) stage('decode', admittedAt, decodedAt);
    if (run !== undefined) {
      stage('wait', decodedAt, Math.max(decodedAt, run.begunAt));
      if (batch === undefined) {
        spans.push(this.#databaseSpan(report.method, run, { ...context, parentSpanId: context.spanId, links: [] }));
      } else {
        const spanId = newId(8);
        if (batch.links.length < MAX_LINKS) batch.links.push({ traceId: context.traceId, spanId });
        const moments = { name: 'database', startMs: run.begunAt, endMs: run.endedAt };
        const { traceId } = batch;
        spans.push(this.#span(context, { ...moments, spanId, links: [{ traceId, spanId: batch.spanId }] }));
      }
    }
    if (report.reply === 'none') return spans;
    stage('encode', concludedAt, encodedAt);
    spans.push(this.#sendSpan(report, context, encodedAt, repliedAt));
    return spans;
  }

  /** The root of the request's spans in this process. */
  #processSpan(report: RequestReport, context: TraceContext): SpanRecord {
    const { timeline, method, status, code, attempts, batch, referenceId, messageId, error } = report;
    return this.#span(context, {
      name: `process ${this.#names.queue}`,
      kind: KIND.consumer,
      spanId: context.spanId,
      parentSpanId: context.parentSpanId,
      startMs: timeline.receivedAt,
      endMs: timeline.repliedAt,
      failed: error !== undefined || UNDELIVERED.has(report.reply),
      attributes: {
        'messaging.system': 'rabbitmq',
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
        'messaging.destination.name': this.#names.queue,
        ...(messageId !== undefined && { 'messaging.message.id': messageId }),
        ...(status !== 'ok' && { 'error.type': code }),
        'contacts.method': method,
        'contacts.status': status,
        'contacts.code': code,
        'contacts.attempts': attempts,
        'contacts.batch_size': batch,
        'contacts.redelivered': report.redelivered,
        'contacts.repeated': report.repeated,
        'contacts.request_id': referenceId,
      },
    });
  }

  /** The producer chooses the queue's name: it is not recorded. */
  #sendSpan({ reply }: RequestReport, context: TraceContext, startMs: number, endMs: number): SpanRecord {
    return this.#span(context, {
      name: 'send (anonymous)',
      kind: KIND.producer,
      spanId: context.sendSpanId,
      startMs,
      endMs,
      failed: reply !== 'routed',
      attributes: {
        'messaging.system': 'rabbitmq',
        'messaging.operation.name': 'send',
        'messaging.operation.type': 'send',
        'messaging.destination.anonymous': true,
        ...(reply !== 'routed' && { 'error.type': reply }),
        'contacts.reply': reply,
      },
    });
  }

  /** A batch may be several commands: its operation is the method. */
  #databaseSpan(
    method: string,
    { begunAt, endedAt, size }: BatchRun,
    place: Pick<SpanRecord, 'traceId' | 'parentSpanId' | 'state' | 'links'> & { readonly spanId: string },
  ): SpanRecord {
    return {
      name: `${method} ${COLLECTION}`,
      kind: KIND.client,
      traceId: place.traceId,
      spanId: place.parentSpanId === undefined ? place.spanId : newId(8),
      parentSpanId: place.parentSpanId,
      state: place.state,
      startMs: this.#clockOffsetMs + begunAt,
      endMs: this.#clockOffsetMs + endedAt,
      links: place.links,
      failed: false,
      attributes: {
        'db.system.name': 'mongodb',
        'db.namespace': this.#names.database,
        'db.collection.name': COLLECTION,
        'db.operation.name': method,
        ...(size > 1 && { 'db.operation.batch.size': size }),
      },
    };
  }

  /** `startMs` and `endMs` are milliseconds of `performance.now()`. */
  #span(context: TraceContext, span: Partial<SpanRecord> & Pick<SpanRecord, 'name' | 'startMs' | 'endMs'>): SpanRecord {
    return {
      kind: KIND.internal,
      traceId: context.traceId,
      spanId: span.spanId ?? newId(8),
      parentSpanId: context.spanId,
      state: context.state,
      attributes: {},
      links: [],
      failed: false,
      ...span,
      startMs: this.#clockOffsetMs + span.startMs,
      endMs: this.#clockOffsetMs + span.endMs,
    };
  }

  /** The wall clock is corrected at times; `performance.now()` is not. */
  #updateClock(): void {
    const offset = Date.now() - performance.now();
    if (Math.abs(offset - this.#clockOffsetMs) > MAX_DRIFT_MS) this.#clockOffsetMs = offset;
  }
}

const COLLECTION = 'contacts';
const UNDELIVERED: ReadonlySet<string> = new Set(['refused', 'unconfirmed', 'unsendable']);
/** `Date.now` is rounded to milliseconds: less than this is no drift. */
const MAX_DRIFT_MS = 2;
