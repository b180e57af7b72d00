import { createServer, type Server } from 'node:net';

import { beforeAll, expect, onTestFinished, test } from 'vitest';

import { Collector, type ReceivedSpan } from '../../support/collector.ts';
import { createRequest, getRequest, jane } from '../../support/documents.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { Requester } from '../../support/requester.ts';
import { freePort } from '../../support/servers.ts';
import type { ProcessOptions, WorkerProcess } from '../../support/worker-process.ts';
import { workerProcesses } from './worker-processes.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
/** Writes the name of each package of OpenTelemetry that the worker loads to standard error. */
const REPORT_LOADED = `data:text/javascript,
  import { registerHooks } from 'node:module';
  registerHooks({
    resolve(name, context, next) {
      if (name.startsWith('@opentelemetry/')) process.stderr.write('loaded ' + name + ' ');
      return next(name, context);
    },
  });`;
const names = freshNames();
let collector: Collector;
let requester: Requester;
const startProcess = workerProcesses(10_000);

beforeAll(async () => {
  requester = await Requester.open(names.amqpUrl, names.queue);
  return () => requester.close();
});

beforeAll(async () => {
  collector = await Collector.start();
  return () => collector.stop();
}, 600_000);

async function running(environment: Record<string, string>, options: ProcessOptions = {}): Promise<WorkerProcess> {
  const worker = startProcess(names, environment, options);
  await expect.poll(() => worker.output()).toContain('consuming requests');
  return worker;
}

/** Requests until the worker ends; exports at once. */
function exporting(more: Record<string, string> = {}): Promise<WorkerProcess> {
  return running({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, OTEL_BSP_SCHEDULE_DELAY: '10', ...more });
}

/** The spans of this trace by name, once the collector has them all. */
async function spansOf(traceId: string, count: number): Promise<Record<string, ReceivedSpan>> {
  const received = (): ReceivedSpan[] => collector.spans().filter((span) => span.traceId === traceId);
  await expect.poll(() => received().length, { timeout: 10_000 }).toBe(count);
  return Object.fromEntries(received().map((span) => [span.name, span]));
}

test("a request's spans continue the producer's trace, follow one another, and its answer names the last", async () => {
  const worker = await exporting({ OTEL_SERVICE_NAME: 'contacts-eu' });
  const headers = { traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: 'vendor=1' };
  const { properties } = await requester.request(createRequest(jane), { headers });
  const spans = await spansOf(TRACE, 6);
  const { [`process ${names.queue}`]: root, 'send (anonymous)': send, 'contact.create contacts': database } = spans;
  expect(properties.headers).toMatchObject({ traceparent: `00-${TRACE}-${send?.spanId}-01`, tracestate: 'vendor=1' });
  expect(root).toMatchObject({ parentSpanId: PARENT, kind: 5, traceState: 'vendor=1' });
  expect(root?.resource).toMatchObject({ 'service.name': 'contacts-eu' });
  expect(root?.attributes).toMatchObject({
    'messaging.system': 'rabbitmq',
    'messaging.operation.type': 'process',
    'messaging.destination.name': names.queue,
    'contacts.method': 'contact.create',
    'contacts.code': 'OK',
  });
  expect(database).toMatchObject({ kind: 3 });
  expect(database?.attributes).toMatchObject({ 'db.system.name': 'mongodb', 'db.namespace': names.database });
  expect(send).toMatchObject({ kind: 4 });
  const stages = [spans['decode'], spans['wait'], database, spans['encode'], send];
  const moments = stages.flatMap((span) => [Number(span?.startTimeUnixNano), Number(span?.endTimeUnixNano)]);
  expect(moments).toEqual([...moments].sort((a, b) => a - b));
  expect(stages.every((span) => span?.parentSpanId === root?.spanId)).toBe(true);
  expect(Math.abs(Number(root?.startTimeUnixNano) / 1e6 - Date.now())).toBeLessThan(60_000);
  await expect.poll(() => lineOf(worker, '"request"')).toContain(`"trace_id":"${TRACE}"`);
  const text = JSON.stringify(collector.spans());
  expect([jane.email, jane.last_name, requester.replyTo].filter((value) => text.includes(value))).toEqual([]);
});

function lineOf(worker: WorkerProcess, mark: string): string {
  return (
    worker
      .output()
      .split('\n')
      .find((line) => line.includes(`"msg":${mark}`)) ?? '{}'
  );
}

test('a batch has a span of its own, linked with those of its requests in both directions', async () => {
  await exporting();
  const traces = Array.from({ length: 40 }, (_, i) => (i + 1).toString(16).padStart(32, 'a'));
  await Promise.all(
    traces.map((trace, i) =>
      requester.request(createRequest({ ...jane, last_name: `N${i}` }), {
        headers: { traceparent: `00-${trace}-${PARENT}-01` },
      }),
    ),
  );
  const isBatch = (span: ReceivedSpan): boolean => span.attributes['db.operation.batch.size'] !== undefined;
  const own = (): ReceivedSpan[] => collector.spans().filter(({ traceId }) => traces.includes(traceId));
  await expect.poll(() => own().length, { timeout: 10_000 }).toBe(40 * 6);
  const batches = collector.spans().filter(isBatch);
  const linked = own().filter(({ name }) => name === 'database');
  expect(linked.length).toBeGreaterThan(20);
  for (const { traceId, spanId, links } of linked) {
    const batch = batches.find((each) => each.spanId === links[0]?.spanId);
    expect(
      batch?.links.map((link) => link.spanId),
      traceId,
    ).toContain(spanId);
  }
  for (const { links, attributes } of batches)
    expect(links).toHaveLength(Number(attributes['db.operation.batch.size']));
});

test('a malformed traceparent begins a new trace, and the request is answered', async () => {
  await exporting();
  const { xml, properties } = await requester.request(getRequest(1), { headers: { traceparent: 'x'.repeat(5_000) } });
  expect(xml).toContain('<response');
  const [, traceId = ''] =
    /^00-([0-9a-f]{32})-[0-9a-f]{16}-01$/.exec(String(properties.headers?.['traceparent'])) ?? [];
  expect(await spansOf(traceId, 6)).toHaveProperty(`process ${names.queue}`);
});

test.each([
  ['true', false],
  ['false', true],
])('OTEL_SDK_DISABLED=%s: the packages are loaded and the answer has a traceparent: %s', async (disabled, on) => {
  const environment = { OTEL_SDK_DISABLED: disabled, OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint };
  const worker = await running(environment, { nodeOptions: ['--import', REPORT_LOADED] });
  const headers = { traceparent: `00-${TRACE}-${PARENT}-01` };
  const { properties } = await requester.request(getRequest(1), { headers });
  expect(Object.hasOwn(properties.headers ?? {}, 'traceparent')).toBe(on);
  expect(worker.errors().includes('loaded @opentelemetry/exporter-trace-otlp-proto')).toBe(on);
  await expect.poll(() => lineOf(worker, '"request"')).toContain('"ms"');
  expect(lineOf(worker, '"request"').includes('trace_id')).toBe(on);
});

test.each(['closed', 'silent'] as const)(
  'a receiver that is a %s port holds neither the requests nor the end of the worker, and what is dropped is counted',
  async (kind) => {
    const port = kind === 'silent' ? await silentReceiver() : await freePort();
    const httpPort = await freePort();
    const worker = await running({
      HTTP_PORT: String(httpPort),
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_EXPORTER_OTLP_TIMEOUT: '500',
      OTEL_BSP_SCHEDULE_DELAY: '10',
      OTEL_BSP_MAX_QUEUE_SIZE: '100',
    });
    const answers = await Promise.all(Array.from({ length: 300 }, () => requester.request(getRequest(1))));
    expect(answers).toHaveLength(300);
    const dropped = async (): Promise<number> => {
      const text = await (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text();
      const samples = text.matchAll(/^contacts_spans_dropped_total\{reason="[a-z ]+"\} (\d+)$/gm);
      return [...samples].reduce((sum, [, count]) => sum + Number(count), 0);
    };
    await expect.poll(dropped, { timeout: 10_000 }).toBeGreaterThan(1_000);
    await expect.poll(() => worker.output(), { timeout: 10_000 }).toContain('spans cannot be exported');
    const stoppedAt = Date.now();
    worker.signal('SIGTERM');
    expect(await worker.exited).toBe(0);
    expect(Date.now() - stoppedAt).toBeLessThan(6_000);
  },
);

/** Accepts connections and never answers. */
async function silentReceiver(): Promise<number> {
  const server: Server = createServer((socket) => socket.on('error', () => undefined).resume());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : 0;
}

test('variables with odd values are warned of once at the start, without their values, and end nothing', async () => {
  const worker = await running({
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318',
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.endpoint}/v1/traces`,
    OTEL_EXPORTER_OTLP_HEADERS: 'api-key=secret-1%0d%0ax: y',
    OTEL_EXPORTER_OTLP_COMPRESSION: 'zstd',
    OTEL_EXPORTER_OTLP_CERTIFICATE: '/no/such/file',
    OTEL_TRACES_SAMPLER: 'sometimes',
    OTEL_BSP_SCHEDULE_DELAY: 'soon',
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '6',
  });
  const answers = await Promise.all([1, 2, 3].map(() => requester.request(getRequest(1))));
  expect(answers).toHaveLength(3);
  const warned = worker
    .output()
    .split('\n')
    .flatMap((line) => /"argument":"(OTEL_\w+)"/.exec(line)?.[1] ?? []);
  expect(warned.toSorted()).toEqual([
    'OTEL_BSP_SCHEDULE_DELAY',
    'OTEL_EXPORTER_OTLP_CERTIFICATE',
    'OTEL_EXPORTER_OTLP_COMPRESSION',
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'OTEL_EXPORTER_OTLP_HEADERS',
    'OTEL_TRACES_SAMPLER',
  ]);
  expect(`${worker.output()}${worker.errors()}`).not.toContain('secret-1');
  worker.signal('SIGTERM');
  expect(await worker.exited).toBe(0);
});
