import { accessSync, constants } from 'node:fs';

import { DEFAULT_SAMPLER, samplerOf, SAMPLERS, type Sampler } from './sampler.ts';
import { Variables, type OnProblem } from './variables.ts';

/**
 * What the environment asks for; the exporter itself reads the OTEL_EXPORTER_OTLP_… variables that
 * are not here.
 */
export interface TracingSettings {
  readonly sampler: Sampler;
  /** Whether headers are read and written. */
  readonly propagates: boolean;
  /** Spans that may wait for their export. */
  readonly maxQueue: number;
  /** Spans of one export. */
  readonly maxBatch: number;
  /** Milliseconds between exports, unless a batch is full before. */
  readonly delayMs: number;
  /** Where spans are sent to. */
  readonly url: string;
  /** Milliseconds for one export. */
  readonly timeoutMs: number;
}

const ENDPOINTS = { traces: 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', all: 'OTEL_EXPORTER_OTLP_ENDPOINT' } as const;
const DEFAULT_ENDPOINT = 'http://localhost:4318';
const EXPORTERS = ['otlp', 'none', 'console', 'logging', 'zipkin', 'jaeger'];
const PROTOCOL = 'http/protobuf';
const PROTOCOLS = [PROTOCOL, 'grpc', 'http/json'];
const COMPRESSIONS = ['gzip', 'none'];
const PROPAGATORS = ['tracecontext', 'baggage', 'none', 'b3', 'b3multi', 'jaeger', 'xray', 'ottrace'];
const DEFAULTS = { queue: 2_048, batch: 512, delayMs: 5_000, timeoutMs: 10_000 };
const MAX_SPANS = 1_000_000;

/**
 * Reads the standard variables. `undefined`: no traces. Never throws: a wrong value must not end a
 * worker. It is reported, once, and the variable counts as not set; but what names a thing that the
 * specification knows and the worker does not have (`zipkin`, `grpc`) turns traces off.
 */
export function tracingSettings(
  environment: Readonly<Record<string, string | undefined>>,
  onProblem: OnProblem,
): TracingSettings | undefined {
  const variables = new Variables(environment, onProblem);
  if (variables.flag('OTEL_SDK_DISABLED')) return undefined;
  for (const signal of ['METRICS', 'LOGS']) checkOtherSignal(`OTEL_${signal}_EXPORTER`, variables);
  const endpoint = endpointOf(variables);
  if (!isAsked(variables, endpoint) || !hasProtocol(variables)) return undefined;
  checkExporter(variables);
  const maxQueue = variables.count('OTEL_BSP_MAX_QUEUE_SIZE', MAX_SPANS) ?? DEFAULTS.queue;
  return {
    sampler: chosenSampler(variables),
    propagates: propagates(variables),
    maxQueue,
    maxBatch: batchSize(variables, maxQueue),
    delayMs: variables.count('OTEL_BSP_SCHEDULE_DELAY') ?? DEFAULTS.delayMs,
    url: endpoint ?? tracesOf(DEFAULT_ENDPOINT),
    timeoutMs: milliseconds(variables),
  };
}

/** The worker has metrics and a log of its own, and exports neither. */
function checkOtherSignal(name: string, variables: Variables): void {
  const exporter = variables.text(name);
  if (exporter !== undefined && exporter !== 'none') variables.report(name, 'the worker exports traces alone');
}

/** The variable for traces is the whole address, the one for all signals a base. */
function endpointOf(variables: Variables): string | undefined {
  const [own, base] = [variables.url(ENDPOINTS.traces), variables.url(ENDPOINTS.all)];
  return own ?? (base === undefined ? undefined : tracesOf(base));
}

function tracesOf(base: string): string {
  return `${base.replace(/\/$/, '')}/v1/traces`;
}

function isAsked(variables: Variables, endpoint: string | undefined): boolean {
  const name = 'OTEL_TRACES_EXPORTER';
  const exporters = variables.names(name, EXPORTERS);
  if (exporters === undefined) return endpoint !== undefined;
  if (exporters.includes('otlp')) return true;
  if (!exporters.includes('none')) variables.report(name, 'of the exporters the worker has otlp alone: traces are off');
  return false;
}

/** The variable for traces counts before the one for all signals. */
function hasProtocol(variables: Variables): boolean {
  for (const name of ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL']) {
    const [protocol] = variables.names(name, PROTOCOLS) ?? [];
    if (protocol === undefined) continue;
    if (protocol !== PROTOCOL) {
      variables.report(name, `of the protocols the worker has ${PROTOCOL} alone: traces are off`);
    }
    return protocol === PROTOCOL;
  }
  return true;
}

/** Reports what the exporter would ignore without a word. */
function checkExporter(variables: Variables): void {
  for (const prefix of ['OTEL_EXPORTER_OTLP', 'OTEL_EXPORTER_OTLP_TRACES']) {
    variables.names(`${prefix}_COMPRESSION`, COMPRESSIONS);
    variables.checkPairs(`${prefix}_HEADERS`, /^[\w!#$%&'*+.^`|~-]+$/);
    for (const file of ['CERTIFICATE', 'CLIENT_CERTIFICATE', 'CLIENT_KEY']) checkFile(`${prefix}_${file}`, variables);
  }
  variables.checkPairs('OTEL_RESOURCE_ATTRIBUTES', /^[\x21-\x7e]+$/);
}

function checkFile(name: string, variables: Variables): void {
  const path = variables.text(name);
  if (path === undefined) return;
  try {
    accessSync(path, constants.R_OK);
  } catch {
    variables.report(name, 'its file cannot be read');
  }
}

function milliseconds(variables: Variables): number {
  const names = ['OTEL_EXPORTER_OTLP_TRACES_TIMEOUT', 'OTEL_EXPORTER_OTLP_TIMEOUT'];
  const [own, all] = names.map((name) => variables.count(name));
  return own ?? all ?? DEFAULTS.timeoutMs;
}

function batchSize(variables: Variables, maxQueue: number): number {
  const name = 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE';
  const size = variables.count(name, MAX_SPANS);
  if (size !== undefined && size > maxQueue) variables.report(name, `it is larger than the queue: ${maxQueue} counts`);
  return Math.min(maxQueue, size ?? DEFAULTS.batch);
}

function chosenSampler(variables: Variables): Sampler {
  const [name = DEFAULT_SAMPLER] = variables.names('OTEL_TRACES_SAMPLER', SAMPLERS) ?? [];
  const hasArgument = name.endsWith('traceidratio');
  return samplerOf(name, hasArgument ? variables.ratio('OTEL_TRACES_SAMPLER_ARG') : undefined);
}

function propagates(variables: Variables): boolean {
  const name = 'OTEL_PROPAGATORS';
  const chosen = variables.names(name, PROPAGATORS) ?? ['tracecontext'];
  const missing = chosen.filter((each) => !['tracecontext', 'baggage', 'none'].includes(each));
  if (missing.length > 0) variables.report(name, 'of the propagators the worker has tracecontext alone');
  return chosen.includes('tracecontext');
}
