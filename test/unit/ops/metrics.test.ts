import { expect, test } from 'vitest';
import { createMetrics, type MetricsSettings } from '../../../src/ops/metrics.ts';
import type { RequestReport } from '../../../src/protocol/request-report.ts';

const request: RequestReport = {
  method: 'contact.get',
  status: 'ok',
  code: 'OK',
  reply: 'routed',
  redelivered: false,
  repeated: false,
  referenceId: 'reference',
  messageId: undefined,
  attempts: 1,
  ms: 4,
  batch: 2,
  timeline: {
    receivedAt: 1,
    admittedAt: 2,
    decodedAt: 2.5,
    run: { begunAt: 3, endedAt: 4, size: 2 },
    concludedAt: 4,
    encodedAt: 4.25,
    repliedAt: 5,
  },
};

function metricsOf(settings: Partial<MetricsSettings> = {}) {
  return createMetrics({
    methods: ['contact.get', 'contact.list'],
    exemplars: false,
    inFlight: () => 0,
    queueMessages: () => new Map([['requests', 7]]),
    intakeHeld: () => ({ database: true, answers: false }),
    oldestRequestAgeS: () => 0,
    spans: () => ({ exported: 3, dropped: { 'queue full': 2, 'export failed': 1 } }),
    droppedLogLines: () => 0,
    readiness: () => Promise.resolve({ ready: false, checks: { database: false } }),
    ...settings,
  });
}

/** The samples of the worker's metrics, e.g. `contacts_ready 1`. */
async function samples(metrics: ReturnType<typeof metricsOf>): Promise<string[]> {
  return (await metrics.text()).split('\n').filter((text) => text.startsWith('contacts_'));
}

test('a request is counted by method, status and code, with its time, batch and answer', async () => {
  const metrics = metricsOf();
  metrics.request(request);
  metrics.request({ ...request, status: 'fail', code: 'NOT_FOUND', redelivered: true });
  const text = await samples(metrics);
  expect(text).toContain('contacts_requests_total{method="contact.get",status="ok",code="OK"} 1');
  expect(text).toContain('contacts_requests_total{method="contact.get",status="fail",code="NOT_FOUND"} 1');
  expect(text).toContain('contacts_replies_total{outcome="routed"} 2');
  expect(text).toContain('contacts_deliveries_redelivered_total 1');
  expect(text).toContain('contacts_request_duration_seconds_bucket{le="0.0025",method="contact.get"} 0');
  expect(text).toContain('contacts_request_duration_seconds_bucket{le="0.005",method="contact.get"} 2');
  expect(text).toContain('contacts_batch_size_sum{method="contact.get"} 4');
});

test('a request without answer and execution counts no reply and no batch', async () => {
  const metrics = metricsOf();
  metrics.request({ ...request, reply: 'none', batch: 0 });
  const text = (await samples(metrics)).join('\n');
  expect(text).toContain('contacts_replies_total{outcome="routed"} 0');
  expect(text).toContain('contacts_batch_size_count{method="contact.get"} 0');
  expect(text).toContain('contacts_stage_duration_seconds_count{stage="confirm"} 0');
});

test('each other event increments its counter', async () => {
  const metrics = metricsOf();
  metrics.settled('acknowledged', 3);
  metrics.deadLettered('INTERNAL_ERROR');
  metrics.retried('unavailable');
  metrics.republished('confirm lost', 3);
  metrics.link('consume', true, true);
  const text = await samples(metrics);
  expect(text).toContain('contacts_deliveries_settled_total{settlement="acknowledged"} 1');
  expect(text).toContain('contacts_dead_letters_total{reason="INTERNAL_ERROR"} 1');
  expect(text).toContain('contacts_retries_total{reason="unavailable"} 1');
  expect(text).toContain('contacts_republished_total{reason="confirm lost"} 3');
  expect(text).toContain('contacts_reconnects_total{link="consume"} 1');
});

test('each stage of a request is observed, and the stages add up to its duration', async () => {
  const metrics = metricsOf();
  metrics.request(request);
  const text = await samples(metrics);
  const sum = (name: string): number => Number(text.find((sample) => sample.startsWith(name))?.split(' ')[1]);
  const stages = { decode: 0.5, wait: 1.5, database: 1, encode: 0.25, confirm: 0.75 };
  for (const [stage, ms] of Object.entries(stages)) {
    const name = `contacts_stage_duration_seconds_sum{stage="${stage}"}`;
    expect(sum(name), stage).toBeCloseTo(ms / 1000, 9);
  }
  const total = Object.values(stages).reduce((all, ms) => all + ms, 0);
  expect(sum('contacts_request_duration_seconds_sum{method="contact.get"}')).toBeCloseTo(total / 1000, 9);
});

test('a request that was not executed has no time at the database and no attempt', async () => {
  const metrics = metricsOf();
  metrics.request({ ...request, timeline: { ...request.timeline, run: undefined } });
  const text = await samples(metrics);
  expect(text).toContain('contacts_stage_duration_seconds_count{stage="decode"} 1');
  expect(text).toContain('contacts_stage_duration_seconds_count{stage="wait"} 0');
  expect(text).toContain('contacts_stage_duration_seconds_count{stage="database"} 0');
  expect(text).toContain('contacts_attempts_total{method="contact.get"} 0');
});

test('attempts and repeats are counted by method', async () => {
  const metrics = metricsOf();
  metrics.request({ ...request, attempts: 3 });
  metrics.request({ ...request, method: 'contact.list', repeated: true });
  const text = await samples(metrics);
  expect(text).toContain('contacts_attempts_total{method="contact.get"} 3');
  expect(text).toContain('contacts_attempts_total{method="contact.list"} 1');
  expect(text).toContain('contacts_repeats_total{method="contact.get"} 0');
  expect(text).toContain('contacts_repeats_total{method="contact.list"} 1');
});

test('a link is up from its set-up until it is lost, and counted when it is back', async () => {
  const metrics = metricsOf();
  expect(await samples(metrics)).toContain('contacts_link_up{link="publish"} 0');
  metrics.link('publish', true, false);
  expect(await samples(metrics)).toContain('contacts_link_up{link="publish"} 1');
  expect(await samples(metrics)).toContain('contacts_reconnects_total{link="publish"} 0');
  metrics.link('publish', false);
  metrics.link('publish', true, true);
  expect(await samples(metrics)).toContain('contacts_reconnects_total{link="publish"} 1');
});

test('gauges read the present state at each scrape', async () => {
  let state = { inFlight: 3, dropped: 0, ready: false };
  const metrics = metricsOf({
    inFlight: () => state.inFlight,
    droppedLogLines: () => state.dropped,
    readiness: () => Promise.resolve({ ready: state.ready, checks: { database: state.ready } }),
  });
  const before = ['contacts_in_flight 3', 'contacts_ready 0', 'contacts_log_lines_dropped_total 0'];
  expect(await samples(metrics)).toEqual(expect.arrayContaining(before));
  state = { inFlight: 1, dropped: 2, ready: true };
  const after = ['contacts_in_flight 1', 'contacts_ready 1', 'contacts_log_lines_dropped_total 2'];
  expect(await samples(metrics)).toEqual(expect.arrayContaining(after));
});

test('the number of series stays bounded, whatever producers send', async () => {
  const metrics = metricsOf();
  let few = 0;
  for (let count = 0; count < 500; count += 1) {
    if (count === 3) few = (await samples(metrics)).length;
    const odd = `x${count}"\n`;
    // As if a value had got past the types.
    const values = { method: odd, code: odd, status: odd, reply: odd } as unknown as Partial<RequestReport>;
    metrics.request({ ...request, ...values });
    metrics.deadLettered(odd);
    metrics.link(odd, true, true);
  }
  const text = await samples(metrics);
  const series = text.filter((sample) => sample.startsWith('contacts_requests_total{'));
  expect(series).toHaveLength(1);
  expect(series.every((sample) => sample.includes('method="unknown",status="other",code="other"'))).toBe(true);
  expect(text).toContain('contacts_replies_total{outcome="other"} 500');
  expect(text).toContain('contacts_request_duration_seconds_count{method="unknown"} 500');
  expect(text).toHaveLength(few);
});

test('two workers in one process do not share a registry', async () => {
  const [one, other] = [metricsOf(), metricsOf()];
  one.retried('unavailable');
  expect(await samples(one)).toContain('contacts_retries_total{reason="unavailable"} 1');
  expect(await samples(other)).toContain('contacts_retries_total{reason="unavailable"} 0');
});

test('the default metrics of the process are exposed', async () => {
  expect(await metricsOf().text()).toMatch(/^process_resident_memory_bytes \d/m);
});

const TRACE = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '', sendSpanId: '', parentSpanId: undefined };
const traced = (sampled: boolean): RequestReport => ({ ...request, trace: { ...TRACE, state: undefined, sampled } });

test('a recorded request is the exemplar of its bucket, in OpenMetrics alone', async () => {
  const metrics = metricsOf({ exemplars: true });
  metrics.request(traced(true));
  const text = (await metrics.openMetrics?.text()) ?? '';
  const exemplar = String.raw`# \{trace_id="${TRACE.traceId}"\} 0\.004 \d{10}(\.\d{1,3})?`;
  expect(text).toMatch(
    new RegExp(
      String.raw`^contacts_request_duration_seconds_bucket\{le="0\.005",method="contact\.get"\} 1 ${exemplar}$`,
      'm',
    ),
  );
  expect(text).toMatch(/^contacts_stage_duration_seconds_bucket\{le="\S+",stage="database"\} 1 # \{trace_id="/m);
  expect(await metrics.text()).not.toContain('trace_id');
});

test('a request that is not recorded is no exemplar, and without traces there is no OpenMetrics', async () => {
  const metrics = metricsOf({ exemplars: true });
  metrics.request(traced(false));
  expect(await metrics.openMetrics?.text()).not.toContain('trace_id');
  expect(metricsOf().openMetrics).toBeUndefined();
});

test('both formats have the same samples, and counters the names that they must have', async () => {
  const metrics = metricsOf({ exemplars: true });
  metrics.request(request);
  metrics.deadLettered('a "quoted"\nreason');
  const lines = (text: string): string[] => text.split('\n').filter((line) => line.startsWith('contacts_'));
  const [plain, open] = [await metrics.text(), (await metrics.openMetrics?.text()) ?? ''];
  expect(lines(open)).toEqual(lines(plain));
  expect(lines(await metrics.text())).toEqual(lines(plain));
  expect(open).toContain('# TYPE contacts_requests counter\ncontacts_requests_total{');
  expect(open).not.toMatch(/^# TYPE \w+_total counter$/m);
  expect(open).toMatch(/\n# EOF\n$/);
  expect(open).not.toContain('\n\n');
});
