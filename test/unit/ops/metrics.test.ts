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
};

function metricsOf(settings: Partial<MetricsSettings> = {}) {
  return createMetrics({
    methods: ['contact.get', 'contact.list'],
    inFlight: () => 0,
    queueMessages: () => new Map([['requests', 7]]),
    intakeHeld: () => ({ database: true, answers: false }),
    droppedLogLines: () => 0,
    ready: () => Promise.resolve(false),
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
  expect(text).not.toContain('contacts_replies_total{');
  expect(text).not.toContain('contacts_batch_size_sum{');
});

test('each other event increments its counter', async () => {
  const metrics = metricsOf();
  metrics.settled('acknowledged');
  metrics.deadLettered('INTERNAL_ERROR');
  metrics.retried('unavailable');
  metrics.republished('confirm lost', 3);
  metrics.reconnected('consume');
  const text = await samples(metrics);
  expect(text).toContain('contacts_deliveries_settled_total{settlement="acknowledged"} 1');
  expect(text).toContain('contacts_dead_letters_total{reason="INTERNAL_ERROR"} 1');
  expect(text).toContain('contacts_retries_total{reason="unavailable"} 1');
  expect(text).toContain('contacts_republished_total{reason="confirm lost"} 3');
  expect(text).toContain('contacts_reconnects_total{link="consume"} 1');
});

test('gauges read the present state at each scrape', async () => {
  let state = { inFlight: 3, dropped: 0, ready: false };
  const metrics = metricsOf({
    inFlight: () => state.inFlight,
    droppedLogLines: () => state.dropped,
    ready: () => Promise.resolve(state.ready),
  });
  const before = ['contacts_in_flight 3', 'contacts_ready 0', 'contacts_log_lines_dropped_total 0'];
  expect(await samples(metrics)).toEqual(expect.arrayContaining(before));
  state = { inFlight: 1, dropped: 2, ready: true };
  const after = ['contacts_in_flight 1', 'contacts_ready 1', 'contacts_log_lines_dropped_total 2'];
  expect(await samples(metrics)).toEqual(expect.arrayContaining(after));
});

test('the number of series stays bounded, whatever producers send', async () => {
  const metrics = metricsOf();
  for (let count = 0; count < 500; count += 1) {
    const odd = `x${count}"\n`;
    // As if a value had got past the types.
    const values = { method: odd, code: odd, status: odd, reply: odd } as unknown as Partial<RequestReport>;
    metrics.request({ ...request, ...values });
    metrics.deadLettered(odd);
    metrics.reconnected(odd);
  }
  const text = await samples(metrics);
  const series = text.filter((sample) => sample.startsWith('contacts_requests_total{'));
  expect(series).toHaveLength(33);
  expect(series.every((sample) => sample.includes('method="unknown"') && sample.includes('code="other"'))).toBe(true);
  expect(text.length).toBeLessThan(300);
});

test('two workers in one process do not share a registry', async () => {
  const [one, other] = [metricsOf(), metricsOf()];
  one.retried('unavailable');
  expect((await samples(other)).join('\n')).not.toContain('contacts_retries_total{');
});

test('the default metrics of the process are exposed', async () => {
  expect(await metricsOf().text()).toMatch(/^process_resident_memory_bytes \d/m);
});
