import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import { FAULT_CODES, OK } from '../protocol/catalogue.ts';
import type { RequestReport } from '../protocol/request-report.ts';

/** What the worker counts and measures. Every label has a bounded number of values, whatever producers send. */
export interface Metrics {
  request(report: RequestReport): void;
  settled(settlement: 'acknowledged' | 'dead-lettered' | 'handed-back' | 'lost'): void;
  deadLettered(reason: string): void;
  retried(reason: string): void;
  /** An attempt, or its end, could not be recorded. */
  uncounted(): void;
  republished(reason: string, count: number): void;
  reconnected(link: string): void;
  /** Requests are taken one at a time from now on; `undefined`: not any more. */
  cautious(reason: string | undefined): void;
  standstill(remedy: string): void;
  foreignDocument(): void;
  /** The text that Prometheus reads. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** The API's method names, and what is asked for at each scrape. */
export interface MetricsSettings {
  readonly methods: readonly string[];
  /** Requests taken and not settled yet. */
  readonly inFlight: () => number;
  readonly droppedLogLines: () => number;
  /** Messages that wait, by queue, as far as they are known. */
  readonly queueMessages: () => ReadonlyMap<string, number>;
  /** Whether requests are held back, by reason. */
  readonly intakeHeld: () => Readonly<Record<string, boolean>>;
  /** Whether requests are consumed and the database answers. Must not reject, and must end within a scrape's time. */
  readonly ready: () => Promise<boolean>;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const BATCH_SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const MAX_REASONS = 32;

/** A registry of its own with all of the worker's metrics, the process's (memory, CPU, event loop) included. */
export function createMetrics(settings: MetricsSettings): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const counter = createCounters(registry);
  const histogram = createHistograms(registry);
  const gauge = createGauges(registry, settings);

  const method = among([...settings.methods], 'unknown');
  const code = among([...Object.keys(FAULT_CODES), OK], 'other');
  const status = firstOf(MAX_REASONS);
  const reply = firstOf(MAX_REASONS);
  const reason = firstOf(MAX_REASONS);
  const link = firstOf(MAX_REASONS);

  return {
    request(request) {
      const name = method(request.method);
      counter.requests.inc({ method: name, status: status(request.status), code: code(request.code) });
      histogram.duration.observe({ method: name }, request.ms / 1000);
      if (request.batch > 0) histogram.batch.observe({ method: name }, request.batch);
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
      gauge.cautious.set(why === undefined ? 0 : 1);
      if (why !== undefined) counter.cautions.inc({ reason: reason(why) });
    },
    standstill: (remedy) => counter.standstills.inc({ remedy: reason(remedy) }),
    foreignDocument: () => counter.foreignDocuments.inc(),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

function createCounters(register: Registry) {
  const registers = [register];
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]): Counter<Label> =>
    new Counter({ name: `contacts_${name}_total`, help, labelNames, registers });
  return {
    requests: counter('requests', 'Requests dealt with', ['method', 'status', 'code']),
    replies: counter('replies', 'Answers published, by what the broker did with them', ['outcome']),
    redelivered: counter('deliveries_redelivered', 'Requests that the broker had handed out before', []),
    settled: counter('deliveries_settled', 'Deliveries settled, by how', ['settlement']),
    deadLetters: counter('dead_letters', 'Requests sent to the dead-letter queue, by reason', ['reason']),
    retries: counter('retries', 'Executions run again, by reason', ['reason']),
    uncounted: counter('attempts_uncounted', 'Attempts that the ledger refused to record', []),
    republished: counter('republished', 'Messages published again, by reason', ['reason']),
    foreignDocuments: counter(
      'foreign_documents',
      'Documents among the contacts, met by lists and at starts, that are none',
      [],
    ),
    reconnects: counter('reconnects', 'Links to broker and database that came back', ['link']),
    cautions: counter('cautions', 'Times from which on requests were taken one at a time, by reason', ['reason']),
    standstills: counter('standstills', 'Times that requests waited in vain, by what was done about it', ['remedy']),
  };
}

function createHistograms(register: Registry) {
  const common = { labelNames: ['method'] as const, registers: [register] };
  return {
    duration: new Histogram({
      ...common,
      name: 'contacts_request_duration_seconds',
      help: 'Time from the delivery to the confirmed answer',
      buckets: SECONDS,
    }),
    batch: new Histogram({
      ...common,
      name: 'contacts_batch_size',
      help: 'Size of the batch that a request was executed in',
      buckets: BATCH_SIZES,
    }),
  };
}

/** Registered by being made; the values of most are asked for when they are read. */
function createGauges(register: Registry, settings: MetricsSettings): { readonly cautious: Gauge } {
  const { inFlight, droppedLogLines, ready } = settings;
  const registers = [register];
  createIntakeGauges(registers, settings);
  new Gauge({
    name: 'contacts_in_flight',
    help: 'Requests taken and not settled yet',
    registers,
    collect() {
      this.set(inFlight());
    },
  });
  new Gauge({
    name: 'contacts_ready',
    help: '1 while requests are consumed and the database answers',
    registers,
    async collect() {
      this.set((await ready()) ? 1 : 0);
    },
  });
  new Counter({
    name: 'contacts_log_lines_dropped_total',
    help: 'Log lines lost, as they could not be written',
    registers,
    collect() {
      this.reset();
      this.inc(droppedLogLines());
    },
  });
  return {
    cautious: new Gauge({ name: 'contacts_cautious', help: '1 while requests are taken one at a time', registers }),
  };
}

function createIntakeGauges(registers: Registry[], { queueMessages, intakeHeld }: MetricsSettings): void {
  new Gauge({
    name: 'contacts_queue_messages',
    help: 'Messages that wait in the queue, at the last look',
    labelNames: ['queue'],
    registers,
    collect() {
      for (const [queue, count] of queueMessages()) this.set({ queue }, count);
    },
  });
  new Gauge({
    name: 'contacts_intake_held',
    help: '1 while no requests are taken, by reason',
    labelNames: ['reason'],
    registers,
    collect() {
      for (const [reason, held] of Object.entries(intakeHeld())) this.set({ reason }, held ? 1 : 0);
    },
  });
}

/** Lets only known values through. */
function among(known: readonly string[], other: string): (value: string) => string {
  const values = new Set(known);
  return (value) => (values.has(value) ? value : other);
}

/** Lets the first `limit` distinct values through; for labels whose values the code names in many places. */
function firstOf(limit: number): (value: string) => string {
  const seen = new Set<string>();
  return (value) => {
    if (seen.size < limit) seen.add(value);
    return seen.has(value) ? value : 'other';
  };
}
