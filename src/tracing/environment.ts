import { DEFAULT_SAMPLER, samplerOf, type Sampler } from './sampler.ts';

/** What the environment asks for; the exporter itself reads the variables OTEL_EXPORTER_OTLP_…. */
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
}

type Environment = Readonly<Record<string, string | undefined>>;

const PROTOCOL = 'http/protobuf';
/** The first that is set counts. */
const PROTOCOL_VARIABLES = ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL'];

/**
 * Reads the standard variables. `undefined`: no traces. Never throws: a wrong value must not end a
 * worker, and goes to `onProblem` as the name of its variable.
 */
export function tracingSettings(
  environment: Environment,
  onProblem: (variable: string) => void,
): TracingSettings | undefined {
  const value = (name: string): string | undefined => textOf(environment[name]);
  if (!isAsked(value, onProblem)) return undefined;
  const number = (name: string, fallback: number): number => {
    const text = value(name);
    if (text === undefined) return fallback;
    if (/^\d{1,7}$/.test(text) && Number(text) > 0) return Number(text);
    onProblem(name);
    return fallback;
  };
  const maxQueue = number('OTEL_BSP_MAX_QUEUE_SIZE', 2_048);
  return {
    sampler: chosenSampler(value, onProblem),
    propagates: listOf(value('OTEL_PROPAGATORS') ?? 'tracecontext').includes('tracecontext'),
    maxQueue,
    maxBatch: Math.min(maxQueue, number('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 512)),
    delayMs: number('OTEL_BSP_SCHEDULE_DELAY', 5_000),
  };
}

/** An empty variable is none, as OpenTelemetry's specification says. */
function textOf(value: string | undefined): string | undefined {
  const text = value?.trim();
  return text === '' ? undefined : text;
}

type Value = (name: string) => string | undefined;

function isAsked(value: Value, onProblem: (variable: string) => void): boolean {
  if (value('OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return false;
  const exporters = value('OTEL_TRACES_EXPORTER');
  const endpoint = value('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') ?? value('OTEL_EXPORTER_OTLP_ENDPOINT');
  if (exporters === undefined && endpoint === undefined) return false;
  if (exporters !== undefined && !listOf(exporters).includes('otlp')) {
    if (exporters !== 'none') onProblem('OTEL_TRACES_EXPORTER');
    return false;
  }
  const variable = PROTOCOL_VARIABLES.find((name) => value(name) !== undefined);
  if (variable === undefined || value(variable) === PROTOCOL) return true;
  onProblem(variable);
  return false;
}

function chosenSampler(value: Value, onProblem: (variable: string) => void): Sampler {
  const name = value('OTEL_TRACES_SAMPLER');
  const sampler = samplerOf(name ?? DEFAULT_SAMPLER, value('OTEL_TRACES_SAMPLER_ARG'));
  if (sampler !== undefined) return sampler;
  onProblem('OTEL_TRACES_SAMPLER');
  return (_, parent) => parent ?? true;
}

function listOf(text: string): string[] {
  return text.split(',').map((each) => each.trim());
}
