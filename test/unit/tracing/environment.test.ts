import { expect, test } from 'vitest';

import { tracingSettings } from '../../../src/tracing/environment.ts';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };

function settingsOf(environment: Record<string, string>) {
  const problems: string[] = [];
  return { settings: tracingSettings(environment, (variable) => problems.push(variable)), problems };
}

test.each([
  {},
  { OTEL_SERVICE_NAME: 'contacts' },
  { OTEL_TRACES_EXPORTER: 'none', ...ENDPOINT },
  { OTEL_SDK_DISABLED: 'TRUE', ...ENDPOINT },
  { OTEL_EXPORTER_OTLP_ENDPOINT: ' ' },
])('traces are off, without a problem: %j', (environment) => {
  expect(settingsOf(environment)).toEqual({ settings: undefined, problems: [] });
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
])('what cannot be done is reported by the name of its variable, and traces are off: %s', (variable, environment) => {
  expect(settingsOf(environment)).toEqual({ settings: undefined, problems: [variable] });
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

test.each([
  { OTEL_TRACES_SAMPLER: 'jaeger_remote' },
  { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '2' },
])('a sampler that there is not is reported, and the default decides: %j', (environment) => {
  const { settings, problems } = settingsOf({ ...ENDPOINT, ...environment });
  expect(problems).toEqual(['OTEL_TRACES_SAMPLER']);
  expect(settings?.sampler(high, undefined)).toBe(true);
  expect(settings?.sampler(high, false)).toBe(false);
});
