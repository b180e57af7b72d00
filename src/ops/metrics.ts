import { collectDefaultMetrics, Counter, Registry } from 'prom-client';

import {
  CAUTION_REASONS,
  DEAD_LETTER_REASONS,
  FAULT_CODES,
  HAND_BACK_CODES,
  LINKS,
  MAJORITY_ANSWERS,
  OK,
  REMEDIES,
  REPLY_OUTCOMES,
  REPUBLISH_REASONS,
  REQUEST_STATUSES,
  RETRY_REASONS,
  SETTLEMENTS,
  STAGES,
} from '../protocol/catalogue.ts';
import type { RequestReport } from '../protocol/request-report.ts';
import { stageDurations } from '../protocol/timeline.ts';
import { createGauges, type StateSettings } from './gauges.ts';
import { OPEN_METRICS_TYPE, openMetricsText } from './open-metrics.ts';
import { countedBy, described, OTHER, SeriesHistogram } from './series.ts';

/**
 * Records the worker's metrics. Every label has a bounded number of values, whatever producers
 * send. docs/metrics.md.
 */
export interface Metrics {
  request(report: RequestReport): void;
  /** `ms`: milliseconds since the delivery. */
  settled(settlement: (typeof SETTLEMENTS)[number], ms: number): void;
  deadLettered(reason: string): void;
  retried(reason: string): void;
  /** The ledger refused to record an attempt, or its end. */
  uncounted(): void;
  republished(reason: string, count: number): void;
  /** A link to the broker is up, or down. `isBack`: it was lost before. */
  link(name: string, up: boolean, isBack?: boolean): void;
  /**
   * Why the worker consumes one request at a time from now on; `undefined`: it consumes at full
   * prefetch again.
   */
  cautious(reason: string | undefined): void;
  standstill(remedy: string): void;
  /** What the broker answered when it was asked for its cluster's majority. */
  majority(answer: (typeof MAJORITY_ANSWERS)[number]): void;
  foreignDocument(): void;
  /** All metrics in the text format of Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
  /** The same with exemplars, for those who ask for it; absent where traces are off. */
  readonly openMetrics: { readonly contentType: string; text(): Promise<string> } | undefined;
}

/** The API's method names, and the state that each scrape reads. */
export interface MetricsSettings extends StateSettings {
  readonly methods: readonly string[];
  /** Whether traces are recorded, to which exemplars can point. */
  readonly exemplars: boolean;
}

const DURATION_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** Decoding and encoding take microseconds. */
const STAGE_BUCKETS_S = [0.000025, 0.0001, 0.00025, ...DURATION_BUCKETS_S];
/** Stands for every method that there is not. */
const UNKNOWN = 'unknown';
const BATCH_SIZE_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/**
 * Creates a registry of its own with the worker's metrics and Node's default ones (memory, CPU,
 * event loop).
 */
export function createMetrics(settings: MetricsSettings): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const methods = [...settings.methods, UNKNOWN];
  const counter = createCounters(registry, methods);
  const request = createRequestCounter(registry, methods);
  const histogram = createHistograms(registry, methods);
  const gauge = createGauges(registry, settings);
  const knownLink = oneOf([...LINKS, OTHER]);
  return {
    request(report) {
      const { method, ms, batch, timeline, reply, trace } = report;
      request(report);
      histogram.duration.record(method, ms / 1000, trace?.sampled === true ? trace.traceId : undefined);
      observeStages(histogram.stage, report);
      if (batch > 0) histogram.batchSize.record(method, batch);
      if (timeline.run !== undefined) counter.attempts(method, report.attempts);
      if (report.repeated) counter.repeats(method);
      if (reply !== 'none') counter.replies(reply);
      if (report.redelivered) counter.redelivered('');
    },
    settled: (settlement, ms) => {
      counter.settled(settlement);
      histogram.settlement.record(settlement, ms / 1000);
    },
    deadLettered: counter.deadLetters,
    uncounted: () => counter.uncounted(''),
    retried: counter.retries,
    republished: counter.republished,
    link: (name, up, isBack = false) => {
      if (isBack) counter.reconnects(name);
      gauge.link.set({ link: knownLink(name) }, up ? 1 : 0);
    },
    cautious: (why) => {
      gauge.cautious.set(why === undefined ? 0 : 1);
      if (why !== undefined) counter.cautions(why);
    },
    standstill: counter.standstills,
    majority: counter.majorityAnswers,
    foreignDocument: () => counter.foreignDocuments(''),
    text: () => registry.metrics(),
    contentType: registry.contentType,
    openMetrics: settings.exemplars
      ? { contentType: OPEN_METRICS_TYPE, text: () => openMetricsText(registry) }
      : undefined,
  };
}

/** Observes the stages that the request has passed. */
function observeStages(stage: SeriesHistogram, { timeline, reply, trace }: RequestReport): void {
  const { decode, wait, database, encode, confirm } = stageDurations(timeline);
  const traceId = trace?.sampled === true ? trace.traceId : undefined;
  if (decode > 0) stage.record('decode', decode / 1000, traceId);
  if (timeline.run !== undefined) {
    stage.record('wait', wait / 1000, traceId);
    stage.record('database', database / 1000, traceId);
  }
  if (reply === 'none') return;
  stage.record('encode', encode / 1000, traceId);
  stage.record('confirm', confirm / 1000, traceId);
}

/** Counts requests by method, status and code; each combination has a series from its first on. */
function createRequestCounter(register: Registry, methods: readonly string[]): (report: RequestReport) => void {
  const method = oneOf(methods);
  const code = oneOf([OK, ...Object.keys({ ...FAULT_CODES, ...DEAD_LETTER_REASONS, ...HAND_BACK_CODES }), OTHER]);
  const status = oneOf([...REQUEST_STATUSES, OTHER]);
  const counter = new Counter(described(register, 'contacts_requests_total', 'Requests completed'));
  return (report) =>
    counter.inc({ method: method(report.method), status: status(report.status), code: code(report.code) });
}

function createCounters(register: Registry, methods: readonly string[]) {
  const counter = (name: Parameters<typeof countedBy>[1]['name'], help: string, values?: readonly string[]) =>
    countedBy(register, { name, help, ...(values !== undefined && { values }) });
  const byMethod = (name: 'contacts_attempts_total' | 'contacts_repeats_total', help: string) =>
    countedBy(register, { name, help, values: methods, other: UNKNOWN });
  return {
    attempts: byMethod('contacts_attempts_total', 'Times that requests were executed, retries included'),
    repeats: byMethod('contacts_repeats_total', 'Requests answered as an earlier copy of them was'),
    replies: counter('contacts_replies_total', 'Answers published, by what the broker did with them', REPLY_OUTCOMES),
    redelivered: counter('contacts_deliveries_redelivered_total', 'Requests completed that were redeliveries'),
    settled: counter('contacts_deliveries_settled_total', 'Deliveries settled, by settlement', SETTLEMENTS),
    deadLetters: counter(
      'contacts_dead_letters_total',
      'Requests sent to the dead-letter queue, by reason',
      Object.keys(DEAD_LETTER_REASONS),
    ),
    retries: counter('contacts_retries_total', 'Executions repeated, by reason', RETRY_REASONS),
    uncounted: counter('contacts_attempts_uncounted_total', 'Attempts that the ledger refused to record'),
    republished: counter('contacts_republished_total', 'Messages published again, by reason', REPUBLISH_REASONS),
    majorityAnswers: counter(
      'contacts_majority_answers_total',
      "Answers of the broker to the question for its cluster's majority",
      MAJORITY_ANSWERS,
    ),
    foreignDocuments: counter(
      'contacts_foreign_documents_total',
      'Documents in the contacts collection that are no contacts, counted at starts and by lists',
    ),
    reconnects: counter(
      'contacts_reconnects_total',
      'Times that a lost link to the broker was restored',
      LINKS.filter((link) => link !== 'database'),
    ),
    cautions: counter('contacts_cautions_total', 'Changes to one request at a time, by reason', CAUTION_REASONS),
    standstills: counter('contacts_standstills_total', 'Times that requests made no progress, by remedy', REMEDIES),
  };
}

function createHistograms(register: Registry, methods: readonly string[]) {
  return {
    duration: new SeriesHistogram(
      register,
      {
        name: 'contacts_request_duration_seconds',
        help: 'Time from the delivery to the confirmed answer',
        values: methods,
        other: UNKNOWN,
      },
      DURATION_BUCKETS_S,
    ),
    stage: new SeriesHistogram(
      register,
      { name: 'contacts_stage_duration_seconds', help: 'Time of a request in each stage', values: STAGES },
      STAGE_BUCKETS_S,
    ),
    settlement: new SeriesHistogram(
      register,
      {
        name: 'contacts_settlement_duration_seconds',
        help: 'Time from the delivery to its settlement, such as the acknowledgement',
        values: SETTLEMENTS,
      },
      DURATION_BUCKETS_S,
    ),
    batchSize: new SeriesHistogram(
      register,
      {
        name: 'contacts_batch_size',
        help: 'Size of the batch in which a request was executed',
        values: methods,
        other: UNKNOWN,
      },
      BATCH_SIZE_BUCKETS,
    ),
  };
}

/** Lets only known values through; the last of them stands for all others. */
function oneOf(known: readonly string[]): (value: string) => string {
  const values = new Set(known);
  const other = known.at(-1) ?? OTHER;
  return (value) => (values.has(value) ? value : other);
}
