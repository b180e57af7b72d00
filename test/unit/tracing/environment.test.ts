import { expect, test } from 'vitest';

import { tracingSettings } from '../../../src/tracing/environment.ts';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };

function settingsOf(environment: Record<string, string>) {
  const problems: string[] = [];
  const texts: string[] = [];
  const settings = tracingSettings(environment, (variable, problem) => {
    problems.push(variable);
    texts.push(problem);
  });
  return { settings, problems, texts };
}

test.each([
  {},
  { OTEL_SERVICE_NAME: 'contacts' },
  { OTEL_TRACES_EXPORTER: 'none', ...ENDPOINT },
  { OTEL_SDK_DISABLED: 'TRUE', ...ENDPOINT },
  { OTEL_EXPORTER_OTLP_ENDPOINT: ' ' },
])('traces are off, without a problem: %j', (environment) => {
  expect(settingsOf(environment)).toMatchObject({ settings: undefined, problems: [] });
});

test.each([
  ENDPOINT,
  { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:4318/v1/traces' },
  { OTEL_TRACES_EXPORTER: 'otlp' },
  { OTEL_TRACES_EXPORTER: 'console,otlp' },
  { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf', ...ENDPOINT },
])('traces are on: %j', (environment) => {
  const { settings, problems } = settingsOf(environment);
  expect(settings).toMatchObject({ maxQueue: 2_048, maxBatch: 512, delayMs: 5_000, propagates: true });
  expect(problems).toEqual([]);
});

test.each([
  ['OTEL_TRACES_EXPORTER', { OTEL_TRACES_EXPORTER: 'zipkin', ...ENDPOINT }],
  ['OTEL_EXPORTER_OTLP_PROTOCOL', { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', ...ENDPOINT }],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', { OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318' }],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', { OTEL_EXPORTER_OTLP_ENDPOINT: '127.0.0.1:4318' }],
  ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'ftp://collector/' }],
])('what cannot be done is reported by the name of its variable, and traces are off: %s', (variable, environment) => {
  expect(settingsOf(environment)).toMatchObject({ settings: undefined, problems: [variable] });
});

test('a wrong number is reported, and the default stands', () => {
  const { settings, problems } = settingsOf({
    ...ENDPOINT,
    OTEL_BSP_MAX_QUEUE_SIZE: 'many',
    OTEL_BSP_SCHEDULE_DELAY: '-1',
  });
  expect(settings).toMatchObject({ maxQueue: 2_048, delayMs: 5_000 });
  expect(problems).toEqual(['OTEL_BSP_MAX_QUEUE_SIZE', 'OTEL_BSP_SCHEDULE_DELAY']);
});

test('a batch is never larger than the queue', () => {
  expect(settingsOf({ ...ENDPOINT, OTEL_BSP_MAX_QUEUE_SIZE: '10' }).settings).toMatchObject({ maxBatch: 10 });
});

const low = `${'0'.repeat(24)}00000001`;
const high = `${'0'.repeat(24)}ffffffff`;

test.each([
  ['always_on', undefined, [true, true, true]],
  ['always_off', undefined, [false, false, false]],
  ['traceidratio', '0.5', [true, true, false]],
  ['parentbased_always_on', undefined, [false, true, true]],
  ['parentbased_traceidratio', '0.5', [false, true, false]],
  ['parentbased_always_off', undefined, [false, false, false]],
] as const)('the sampler %s decides by parent and trace id', (name, argument, expected) => {
  const environment = {
    ...ENDPOINT,
    OTEL_TRACES_SAMPLER: name,
    ...(argument && { OTEL_TRACES_SAMPLER_ARG: argument }),
  };
  const { settings } = settingsOf(environment);
  const decisions = [
    settings?.sampler(low, false),
    settings?.sampler(low, undefined),
    settings?.sampler(high, undefined),
  ];
  expect(decisions).toEqual(expected);
});

test('a sampler that there is not is reported, and the default decides', () => {
  const { settings, problems } = settingsOf({ ...ENDPOINT, OTEL_TRACES_SAMPLER: 'jaeger_remote' });
  expect(problems).toEqual(['OTEL_TRACES_SAMPLER']);
  expect(settings?.sampler(high, undefined)).toBe(true);
  expect(settings?.sampler(high, false)).toBe(false);
});

test.each(['2', '-1', 'half', '0x1', 'NaN', '1e400'])('a ratio %s is reported, and all is recorded', (argument) => {
  const environment = { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: argument };
  const { settings, problems } = settingsOf({ ...ENDPOINT, ...environment });
  expect(problems).toEqual(['OTEL_TRACES_SAMPLER_ARG']);
  expect(settings?.sampler(high, false)).toBe(true);
});

test.each([
  ['OTEL_SDK_DISABLED', 'yes'],
  ['OTEL_TRACES_EXPORTER', 'otpl'],
  ['OTEL_METRICS_EXPORTER', 'otlp'],
  ['OTEL_EXPORTER_OTLP_PROTOCOL', 'http/protobuff'],
  ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'collector:4318'],
  ['OTEL_EXPORTER_OTLP_TIMEOUT', '10s'],
  ['OTEL_EXPORTER_OTLP_TIMEOUT', '99999999999'],
  ['OTEL_EXPORTER_OTLP_COMPRESSION', 'zstd'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'api-key'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'api key=secret-1'],
  ['OTEL_EXPORTER_OTLP_TRACES_HEADERS', 'api-key=secret-1%0d%0ax: y'],
  ['OTEL_EXPORTER_OTLP_TRACES_HEADERS', 'api-key=%zz'],
  ['OTEL_EXPORTER_OTLP_CERTIFICATE', '/no/such/file'],
  ['OTEL_RESOURCE_ATTRIBUTES', 'env:prod'],
  ['OTEL_PROPAGATORS', 'trace-context'],
  ['OTEL_BSP_MAX_QUEUE_SIZE', '0'],
  ['OTEL_BSP_MAX_EXPORT_BATCH_SIZE', '9999'],
])('%s=%s is reported once, without its value, and traces go on', (variable, value) => {
  const { settings, problems, texts } = settingsOf({ ...ENDPOINT, [variable]: value });
  expect(problems).toEqual([variable]);
  expect(texts.join()).not.toContain('secret');
  expect(settings).toMatchObject({
    propagates: true,
    maxQueue: 2_048,
    delayMs: 5_000,
    timeoutMs: 10_000,
    url: 'http://127.0.0.1:4318/v1/traces',
  });
});

test.each([
  ['tracecontext,baggage', true, []],
  ['none', false, []],
  ['b3', false, ['OTEL_PROPAGATORS']],
  ['b3,tracecontext', true, ['OTEL_PROPAGATORS']],
] as const)('the propagators %s: headers are read: %s', (value, propagates, expected) => {
  const { settings, problems } = settingsOf({ ...ENDPOINT, OTEL_PROPAGATORS: value });
  expect({ propagates: settings?.propagates, problems }).toEqual({ propagates, problems: expected });
});

test.each([
  [{ OTEL_TRACES_EXPORTER: 'otlp' }, 'http://localhost:4318/v1/traces'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://a:1/base/' }, 'https://a:1/base/v1/traces'],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://a/x', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://b' }, 'http://a/x'],
])('spans of %j go to %s', (environment, url) => {
  expect(settingsOf(environment as Record<string, string>)).toMatchObject({ settings: { url }, problems: [] });
});
