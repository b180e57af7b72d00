import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import { FAULT_CODES, METRICS, OK, type MetricName } from '../protocol/catalogue.ts';
import type { RequestReport } from '../protocol/request-report.ts';

/**
 * Records the worker's metrics. Every label has a bounded number of values, whatever producers
 * send. docs/metrics.md.
 */
export interface Metrics {
  request(report: RequestReport): void;
  settled(settlement: 'acknowledged' | 'dead-lettered' | 'handed-back' | 'lost'): void;
  deadLettered(reason: string): void;
  retried(reason: string): void;
  /** The ledger refused to record an attempt, or its end. */
  uncounted(): void;
  republished(reason: string, count: number): void;
  reconnected(link: string): void;
  /**
   * Why the worker consumes one request at a time from now on; `undefined`: it consumes at full
   * prefetch again.
   */
  cautious(reason: string | undefined): void;
  standstill(remedy: string): void;
  foreignDocument(): void;
  /** All metrics in the text format of Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** The API's method names, and the state that each scrape reads. */
export interface MetricsSettings {
  readonly methods: readonly string[];
  /** Requests delivered and not yet settled. */
  readonly inFlight: () => number;
  readonly droppedLogLines: () => number;
  /** Ready messages by queue; empty until the queues were read once. */
  readonly queueMessages: () => ReadonlyMap<string, number>;
  /** Whether consumption is paused, by reason. */
  readonly intakeHeld: () => Readonly<Record<string, boolean>>;
  /**
   * Whether the worker consumes requests and the database answers. Must not reject, and must end
   * within a scrape's time.
   */
  readonly ready: () => Promise<boolean>;
}

/** A metric's label names, as the catalogue lists them. */
type LabelOf<Name extends MetricName> = (typeof METRICS)[Name][number];

const DURATION_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const BATCH_SIZE_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const MAX_LABEL_VALUES = 32;
/** Stands for every label value that is not let through. */
const OTHER = 'other';

/**
 * Creates a registry of its own with the worker's metrics and Node's default ones (memory, CPU,
 * event loop).
 */
export function createMetrics(settings: MetricsSettings): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const counter = createCounters(registry);
  const histogram = createHistograms(registry);
  const cautiousGauge = createGauges(registry, settings);

  const method = oneOf([...settings.methods], 'unknown');
  const code = oneOf([...Object.keys(FAULT_CODES), OK], OTHER);
  const status = firstValues(MAX_LABEL_VALUES);
  const reply = firstValues(MAX_LABEL_VALUES);
  const reason = firstValues(MAX_LABEL_VALUES);
  const link = firstValues(MAX_LABEL_VALUES);

  return {
    request(request) {
      const name = method(request.method);
      counter.requests.inc({ method: name, status: status(request.status), code: code(request.code) });
      histogram.duration.observe({ method: name }, request.ms / 1000);
      if (request.batch > 0) histogram.batchSize.observe({ method: name }, request.batch);
      if (request.reply !== 'none') counter.replies.inc({ outcome: reply(request.reply) });
      if (request.redelivered) counter.redelivered.inc();
    },
    settled: (settlement) => counter.settled.inc({ settlement }),
    deadLettered: (why) => counter.deadLetters.inc({ reason: reason(why) }),
    uncounted: () => counter.uncounted.inc(),
    retried: (why) => counter.retries.inc({ reason: reason(why) }),
    republished: (why, count) => counter.republished.inc({ reason: reason(why) }, count),
    reconnected: (which) => counter.reconnects.inc({ link: link(which) }),
    cautious: (why) => {
      cautiousGauge.set(why === undefined ? 0 : 1);
      if (why !== undefined) counter.cautions.inc({ reason: reason(why) });
    },
    standstill: (remedy) => counter.standstills.inc({ remedy: reason(remedy) }),
    foreignDocument: () => counter.foreignDocuments.inc(),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

/** Name, help and labels of a metric of the catalogue, for its constructor. */
function described<Name extends MetricName>(register: Registry, name: Name, help: string) {
  const labelNames: readonly LabelOf<Name>[] = METRICS[name];
  return { name, help, labelNames, registers: [register] };
}

function createCounters(register: Registry) {
  const counter = <Name extends MetricName>(name: Name, help: string): Counter<LabelOf<Name>> =>
    new Counter(described(register, name, help));
  return {
    requests: counter('contacts_requests_total', 'Requests completed'),
    replies: counter('contacts_replies_total', 'Answers published, by what the broker did with them'),
    redelivered: counter('contacts_deliveries_redelivered_total', 'Requests completed that were redeliveries'),
    settled: counter('contacts_deliveries_settled_total', 'Deliveries settled, by settlement'),
    deadLetters: counter('contacts_dead_letters_total', 'Requests sent to the dead-letter queue, by reason'),
    retries: counter('contacts_retries_total', 'Executions repeated, by reason'),
    uncounted: counter('contacts_attempts_uncounted_total', 'Attempts that the ledger refused to record'),
    republished: counter('contacts_republished_total', 'Messages published again, by reason'),
    foreignDocuments: counter(
      'contacts_foreign_documents_total',
      'Documents in the contacts collection that are no contacts, counted at starts and by lists',
    ),
    reconnects: counter('contacts_reconnects_total', 'Times that a lost link to the broker was restored'),
    cautions: counter('contacts_cautions_total', 'Changes to one request at a time, by reason'),
    standstills: counter('contacts_standstills_total', 'Times that requests made no progress, by remedy'),
  };
}

function createHistograms(register: Registry) {
  return {
    duration: new Histogram({
      ...described(register, 'contacts_request_duration_seconds', 'Time from the delivery to the confirmed answer'),
      buckets: DURATION_BUCKETS_S,
    }),
    batchSize: new Histogram({
      ...described(register, 'contacts_batch_size', 'Size of the batch in which a request was executed'),
      buckets: BATCH_SIZE_BUCKETS,
    }),
  };
}

/**
 * Registers the metrics that read their value at each scrape; returns the one gauge that is set by
 * events.
 */
function createGauges(register: Registry, settings: MetricsSettings): Gauge {
  const { inFlight, droppedLogLines, ready } = settings;
  createIntakeGauges(register, settings);
  new Gauge({
    ...described(register, 'contacts_in_flight', 'Requests delivered and not yet settled'),
    collect() {
      this.set(inFlight());
    },
  });
  new Gauge({
    ...described(register, 'contacts_ready', '1 while the worker consumes requests and the database answers'),
    async collect() {
      this.set((await ready()) ? 1 : 0);
    },
  });
  new Counter({
    ...described(register, 'contacts_log_lines_dropped_total', 'Log lines that could not be written'),
    collect() {
      this.reset();
      this.inc(droppedLogLines());
    },
  });
  return new Gauge(described(register, 'contacts_cautious', '1 while the worker consumes one request at a time'));
}

function createIntakeGauges(register: Registry, { queueMessages, intakeHeld }: MetricsSettings): void {
  new Gauge({
    ...described(
      register,
      'contacts_queue_messages',
      'Ready messages in the queue when the worker last read the count',
    ),
    collect() {
      for (const [queue, count] of queueMessages()) this.set({ queue }, count);
    },
  });
  new Gauge({
    ...described(register, 'contacts_intake_held', '1 while consumption is paused, by reason'),
    collect() {
      for (const [reason, held] of Object.entries(intakeHeld())) this.set({ reason }, held ? 1 : 0);
    },
  });
}

/** Lets only known values through. */
function oneOf(known: readonly string[], other: string): (value: string) => string {
  const values = new Set(known);
  return (value) => (values.has(value) ? value : other);
}

/**
 * Lets the first `limit` distinct values through. For labels whose values are spread over the code.
 */
function firstValues(limit: number): (value: string) => string {
  const seen = new Set<string>();
  return (value) => {
    if (seen.size < limit) seen.add(value);
    return seen.has(value) ? value : OTHER;
  };
}
