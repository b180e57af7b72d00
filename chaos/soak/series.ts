import { needsAnswer } from '../journal.ts';
import type { Journal } from '../journal-file.ts';
import type { Calm } from './course.ts';
import type { Sample } from './sample.ts';
import { trendOf, type Point, type Tolerance, type Trend } from './trend.ts';

/** Latencies of the requests that were sent within one interval, in milliseconds. */
export interface LatencyRow {
  /** Seconds since the journal's begin: the middle of the interval. */
  readonly at: number;
  readonly requests: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** Whether the interval lies in a time without faults. */
  readonly calm: boolean;
}

/** A worker's samples on the journal's clock. */
export interface WorkerSeries {
  readonly worker: number;
  /** It was to live through the whole run, and did. */
  readonly judged: boolean;
  readonly rows: readonly (Omit<Sample, 'at'> & { readonly at: number; readonly calm: boolean })[];
}

/** A trend, and whose it is. */
export interface Finding {
  readonly subject: string;
  readonly measure: string;
  readonly unit: string;
  readonly trend: Trend;
}

const NS = 1e9;

/** The measures of a process, and what growth counts as one. */
const MEASURES = [
  { measure: 'heapMiB', unit: 'MiB', tolerance: { absolute: 2, share: 0 } },
  { measure: 'externalMiB', unit: 'MiB', tolerance: { absolute: 2, share: 0 } },
  { measure: 'rssMiB', unit: 'MiB', tolerance: { absolute: 8, share: 0.1 } },
  { measure: 'handles', unit: '', tolerance: { absolute: 5, share: 0 } },
  { measure: 'loopP99Ms', unit: 'ms', tolerance: { absolute: 30, share: 1 } },
] as const satisfies readonly { measure: keyof Sample; unit: string; tolerance: Tolerance }[];

const LATENCY: Tolerance = { absolute: 50, share: 1 };

/** Trends of every judged worker and of the latency; only calm times after `warmUpS` count. */
export function findingsOf(
  workers: readonly WorkerSeries[],
  latencies: readonly LatencyRow[],
  warmUpS: number,
): Finding[] {
  const counts = ({ at, calm }: { readonly at: number; readonly calm: boolean }): boolean => calm && at >= warmUpS;
  const found = workers
    .filter(({ judged }) => judged)
    .flatMap(({ worker, rows }) =>
      MEASURES.map(({ measure, unit, tolerance }): Finding => {
        const points = rows.filter(counts).map((row): Point => ({ at: row.at, value: row[measure] }));
        return { subject: `worker ${worker}`, measure, unit, trend: trendOf(points, tolerance) };
      }),
    );
  const points = latencies.filter(counts).map(({ at, p50 }): Point => ({ at, value: p50 }));
  return [...found, { subject: 'all requests', measure: 'latency p50', unit: 'ms', trend: trendOf(points, LATENCY) }];
}

/** `zeroAt` is the journal's begin in milliseconds since the epoch. */
export function seriesOf(
  worker: number,
  samples: readonly Sample[],
  { zeroAt, calms, spared }: { readonly zeroAt: number; readonly calms: readonly Calm[]; readonly spared: number },
): WorkerSeries {
  const rows = samples.map((sample) => {
    const at = (sample.at - zeroAt) / 1000;
    return { ...sample, at, calm: isCalm(at * NS, at * NS, calms) };
  });
  return { worker, judged: worker <= spared && new Set(samples.map(({ pid }) => pid)).size === 1, rows };
}

/** Percentiles from the first confirmed sending to the first answer, by interval of the sending. */
export function latenciesOf(
  { sent, answered }: Pick<Journal, 'sent' | 'answered'>,
  calms: readonly Calm[],
  intervalS: number,
): LatencyRow[] {
  const answeredAt = new Map<string, number>();
  for (const { id, at } of answered) answeredAt.set(id, Math.min(at, answeredAt.get(id) ?? Infinity));
  const first = new Map<string, number>();
  for (const { id, at, action, confirmed } of sent) {
    if (confirmed && needsAnswer(action.method)) first.set(id, Math.min(at, first.get(id) ?? Infinity));
  }
  const buckets = new Map<number, number[]>();
  for (const [id, at] of first) {
    const end = answeredAt.get(id);
    if (end === undefined) continue;
    const bucket = Math.floor(at / NS / intervalS);
    const values = buckets.get(bucket) ?? [];
    buckets.set(bucket, values);
    values.push(Math.max(0, end - at) / 1e6);
  }
  return [...buckets]
    .toSorted(([one], [other]) => one - other)
    .map(([bucket, values]) => {
      const sorted = values.toSorted((a, b) => a - b);
      const percentile = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
      const from = bucket * intervalS;
      return {
        at: from + intervalS / 2,
        requests: sorted.length,
        p50: percentile(0.5),
        p95: percentile(0.95),
        p99: percentile(0.99),
        calm: isCalm(from * NS, (from + intervalS) * NS, calms),
      };
    });
}

function isCalm(from: number, until: number, calms: readonly Calm[]): boolean {
  return calms.some((calm) => from >= calm.from && until <= calm.until);
}
