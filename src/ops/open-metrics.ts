import type { Registry } from 'prom-client';

export const OPEN_METRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** A metric as prom-client and `SeriesHistogram` return it. */
interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly values: readonly FamilySample[];
}

interface FamilySample {
  /** Absent where it is the family's. */
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  /** prom-client's histograms have `null` for none. */
  readonly exemplar?: Exemplar | null | undefined;
}

/** A request that was observed: where it can be looked at. */
export interface Exemplar {
  readonly traceId: string;
  readonly value: number;
  /** Milliseconds since the epoch. */
  readonly timeMs: number;
}

/**
 * All metrics of a registry in the format OpenMetrics 1.0, with their exemplars. prom-client's own
 * writer changes the names of a registry's counters for ever, so that one registry cannot have both
 * formats.
 */
export async function openMetricsText(registry: Registry): Promise<string> {
  // prom-client's types leave out how a registry reads its metrics.
  const metrics = registry.getMetricsAsArray() as unknown as readonly { get(): Promise<Family> }[];
  const families = await Promise.all(metrics.map((metric) => metric.get()));
  return `${families.map(familyText).join('')}# EOF\n`;
}

/** A counter's family has the name without `_total`, its sample the name with it. */
function familyText({ name, help, type, values }: Family): string {
  const isCounter = type === 'counter';
  const family = isCounter ? name.replace(/_total$/, '') : name;
  const lines = values.map((sample) => sampleText(sample.metricName ?? (isCounter ? `${family}_total` : name), sample));
  return `# HELP ${family} ${escaped(help)}\n# TYPE ${family} ${type}\n${lines.join('')}`;
}

function sampleText(name: string, { labels, value, exemplar }: FamilySample): string {
  const texts = Object.entries(labels).map(([label, text]) => `${label}="${escaped(String(text))}"`);
  const sample = `${name}${texts.length === 0 ? '' : `{${texts.join(',')}}`} ${numberText(value)}`;
  if (!exemplar) return `${sample}\n`;
  const { traceId, value: observed, timeMs } = exemplar;
  return `${sample} # {trace_id="${traceId}"} ${numberText(observed)} ${timeMs / 1000}\n`;
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? '+Inf' : '-Inf';
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

/** Whether a client that accepts these types prefers OpenMetrics 1.0 to the text of Prometheus. */
export function prefersOpenMetrics(accept: string | undefined): boolean {
  const [openMetrics, text] = [qualityOf(accept, 'application/openmetrics-text'), qualityOf(accept, 'text/plain')];
  return openMetrics > 0 && openMetrics >= text;
}

/** From 0 to 1: the highest quality of the type in the header Accept. */
function qualityOf(accept: string | undefined, type: string): number {
  const qualities = (accept ?? '').split(',').map((each) => {
    const [name = '', ...parameters] = each.split(';').map((part) => part.trim().toLowerCase());
    const version = valueOf(parameters, 'version');
    if (name !== type || (type !== 'text/plain' && version !== undefined && version !== '1.0.0')) return 0;
    const quality = Number(valueOf(parameters, 'q') ?? '1');
    return quality >= 0 && quality <= 1 ? quality : 0;
  });
  return Math.max(...qualities);
}

function valueOf(parameters: readonly string[], name: string): string | undefined {
  return parameters.find((parameter) => parameter.startsWith(`${name}=`))?.slice(name.length + 1);
}
