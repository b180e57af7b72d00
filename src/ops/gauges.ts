import { Counter, Gauge, type Registry } from 'prom-client';

import { LINKS, SPAN_DROP_REASONS } from '../protocol/catalogue.ts';
import type { SpanCounts } from '../protocol/tracing.ts';
import type { Readiness } from './http.ts';
import { described } from './series.ts';

/** The state that each scrape reads. */
export interface StateSettings {
  /** Requests delivered and not yet settled. */
  readonly inFlight: () => number;
  /** Age in seconds of the oldest of them, by the producers' clocks; 0 where none has a time. */
  readonly oldestRequestAgeS: () => number;
  readonly droppedLogLines: () => number;
  readonly spans: () => SpanCounts;
  /** Ready messages by queue; empty until the queues were read once. */
  readonly queueMessages: () => ReadonlyMap<string, number>;
  /** Whether consumption is paused, by reason. */
  readonly intakeHeld: () => Readonly<Record<string, boolean>>;
  /**
   * Whether the worker consumes requests and the database answers. Must not reject, and must end
   * within a scrape's time.
   */
  readonly readiness: () => Promise<Readiness>;
}

/**
 * Registers the metrics that read their value at each scrape; returns those that events set.
 */
export function createGauges(register: Registry, settings: StateSettings): { cautious: Gauge; link: Gauge<'link'> } {
  const { inFlight, oldestRequestAgeS, droppedLogLines, queueMessages, intakeHeld } = settings;
  new Gauge({
    ...described(register, 'contacts_in_flight', 'Requests delivered and not yet settled'),
    collect() {
      this.set(inFlight());
    },
  });
  new Gauge({
    ...described(
      register,
      'contacts_oldest_request_age_seconds',
      'Age of the oldest request in flight by its timestamp, where the producer sends one',
    ),
    collect() {
      this.set(oldestRequestAgeS());
    },
  });
  new Counter({
    ...described(register, 'contacts_log_lines_dropped_total', 'Log lines that could not be written'),
    collect() {
      this.reset();
      this.inc(droppedLogLines());
    },
  });
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
  createSpanCounters(register, settings);
  const cautious = new Gauge(
    described(register, 'contacts_cautious', '1 while the worker consumes one request at a time'),
  );
  return { cautious, link: createReadinessGauges(register, settings) };
}

/** Spans are counted where they are queued: 0 where traces are off. */
function createSpanCounters(register: Registry, { spans }: StateSettings): void {
  new Counter({
    ...described(register, 'contacts_spans_exported_total', 'Spans of traces that were exported'),
    collect() {
      this.reset();
      this.inc(spans().exported);
    },
  });
  new Counter({
    ...described(register, 'contacts_spans_dropped_total', 'Spans of traces that were not exported, by reason'),
    collect() {
      this.reset();
      for (const reason of SPAN_DROP_REASONS) this.inc({ reason }, spans().dropped[reason]);
    },
  });
}

/** One ping of the database serves both. */
function createReadinessGauges(register: Registry, { readiness }: StateSettings): Gauge<'link'> {
  const link = new Gauge(
    described(register, 'contacts_link_up', '1 while the link to the broker or the database is up'),
  );
  for (const name of LINKS) link.set({ link: name }, 0);
  new Gauge({
    ...described(register, 'contacts_ready', '1 while the worker consumes requests and the database answers'),
    async collect() {
      const { ready, checks } = await readiness();
      this.set(ready ? 1 : 0);
      link.set({ link: 'database' }, checks['database'] === true ? 1 : 0);
    },
  });
  return link;
}
