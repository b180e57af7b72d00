import type { Sample } from '../../cli/watch/metrics.ts';
import { bucketsBetween, bucketsOf, quantile } from './histogram.ts';
import type { WorkerPage } from './worker-page.ts';

const DURATION = 'contacts_request_duration_seconds';
const STAGE = 'contacts_stage_duration_seconds';

/** Pages of the same workers at two moments, paired. */
export type PagePair = readonly [earlier: WorkerPage, now: WorkerPage];

/** What workers did between two looks, for a second. Latencies in milliseconds. */
export interface Rates {
  readonly ok_per_second: number;
  readonly failed_per_second: number;
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
  readonly p99_ms: number | null;
}

/** As `Rates`, of one method. */
export interface MethodRates extends Rates {
  readonly method: string;
  /** Requests since the workers' starts. */
  readonly total: number;
}

/** Failures by code. */
export interface FailureRates {
  readonly code: string;
  readonly per_second: number;
  readonly total: number;
}

/** The mean time in a stage between two looks. */
export interface StageTime {
  readonly stage: string;
  readonly mean_ms: number | null;
}

/** Drops pairs whose worker has started again in between: it counts from 0. */
export function comparable(pairs: readonly PagePair[]): readonly PagePair[] {
  return pairs.filter(([earlier, now]) => earlier.startedAt === now.startedAt && now.requests >= earlier.requests);
}

export function ratesOf(pairs: readonly PagePair[], seconds: number, method?: string): Rates {
  const matches = (labels: Sample['labels']): boolean => method === undefined || labels['method'] === method;
  const grown = (failed: boolean): number =>
    increase(pairs, 'contacts_requests_total', (labels) => matches(labels) && (labels['status'] !== 'ok') === failed);
  const buckets = bucketsBetween(
    bucketsOf(
      pairs.flatMap(([earlier]) => earlier.samples),
      DURATION,
      matches,
    ),
    bucketsOf(
      pairs.flatMap(([, now]) => now.samples),
      DURATION,
      matches,
    ),
  );
  const ms = (q: number): number | null => {
    const value = quantile(buckets, q);
    return value === undefined ? null : rounded(value * 1_000);
  };
  return {
    ok_per_second: rounded(grown(false) / seconds),
    failed_per_second: rounded(grown(true) / seconds),
    p50_ms: ms(0.5),
    p95_ms: ms(0.95),
    p99_ms: ms(0.99),
  };
}

/** Each method that any worker has executed. */
export function methodRates(pairs: readonly PagePair[], pages: readonly WorkerPage[], seconds: number): MethodRates[] {
  return valuesOf(pages, 'contacts_requests_total', 'method').map((method) => ({
    method,
    total: sum(pages, 'contacts_requests_total', (labels) => labels['method'] === method),
    ...ratesOf(pairs, seconds, method),
  }));
}

export function failureRates(
  pairs: readonly PagePair[],
  pages: readonly WorkerPage[],
  seconds: number,
): FailureRates[] {
  const isFailure = (labels: Sample['labels'], code: string): boolean =>
    labels['code'] === code && labels['status'] !== 'ok';
  return valuesOf(pages, 'contacts_requests_total', 'code')
    .map((code) => ({
      code,
      per_second: rounded(increase(pairs, 'contacts_requests_total', (labels) => isFailure(labels, code)) / seconds),
      total: sum(pages, 'contacts_requests_total', (labels) => isFailure(labels, code)),
    }))
    .filter(({ total }) => total > 0);
}

export function stageTimes(pairs: readonly PagePair[], pages: readonly WorkerPage[]): StageTime[] {
  return valuesOf(pages, `${STAGE}_count`, 'stage').map((stage) => {
    const matches = (labels: Sample['labels']): boolean => labels['stage'] === stage;
    const count = increase(pairs, `${STAGE}_count`, matches);
    const seconds = increase(pairs, `${STAGE}_sum`, matches);
    return { stage, mean_ms: count === 0 ? null : rounded((seconds / count) * 1_000) };
  });
}

type Matches = (labels: Sample['labels']) => boolean;

function increase(pairs: readonly PagePair[], name: string, matches: Matches): number {
  return Math.max(
    0,
    sum(
      pairs.map(([, now]) => now),
      name,
      matches,
    ) -
      sum(
        pairs.map(([earlier]) => earlier),
        name,
        matches,
      ),
  );
}

function sum(pages: readonly WorkerPage[], name: string, matches: Matches): number {
  return pages
    .flatMap(({ samples }) => samples)
    .filter((sample) => sample.name === name && matches(sample.labels))
    .reduce((total, { value }) => total + value, 0);
}

function valuesOf(pages: readonly WorkerPage[], name: string, label: string): string[] {
  const samples = pages.flatMap(({ samples: found }) => found).filter((sample) => sample.name === name);
  return [...new Set(samples.map(({ labels }) => labels[label] ?? ''))].toSorted();
}

/** Two decimals. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
