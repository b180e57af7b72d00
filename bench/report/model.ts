import type { Results, Run } from '../figures.ts';
import { median } from './summary.ts';

/** Measured cost of one request of a workload, alone and in a batch. */
export interface Costs {
  /** Size of the batch behind the figures `inBatch`. */
  readonly batch: number;
  /** Microseconds of the worker's processor time. */
  readonly worker: { readonly alone: number; readonly inBatch: number };
  /** Microseconds of the database's processor time, the driver's included: an upper bound. */
  readonly database: { readonly alone: number; readonly inBatch: number };
  /** Milliseconds for one request while no other is in flight. */
  readonly aloneMs: number;
  /**
   * Requests per second that one queue, thus its leader, can deliver and accept answers for: a
   * lower bound.
   */
  readonly queuePerSecond: number;
  /**
   * Batches per second that can get numbers from the one counter; absent where the workload needs
   * none.
   */
  readonly counterPerSecond?: number;
}

/** The size of a site. Each worker has a core of its own. */
export interface Site {
  readonly workers: number;
  readonly databaseCores: number;
  /** REQUEST_QUEUES; default 1. Several have one active worker each. */
  readonly queues?: number;
}

export type Resource = 'workers' | 'database' | 'queue' | 'counter';

/** What a site can do, and which resource limits it. */
export interface Forecast {
  readonly perSecond: number;
  readonly bound: Resource;
  /** Requests in a batch. */
  readonly batch: number;
  /** Busy cores of the workers and of the database. */
  readonly busy: { readonly workers: number; readonly database: number };
}

const MAX_IN_BATCH = 128;
const SLOTS = 2;

/**
 * Returns the throughput of a saturated site. The cost model has a constant part per batch and a
 * part per request. Where the queue is the limit, nothing waits in the workers: a batch then holds
 * what arrives while the two batches before it are being executed, so more workers mean smaller
 * batches.
 */
export function forecast(costs: Costs, { workers, databaseCores, queues = 1 }: Site): Forecast {
  const site = { workers: queues > 1 ? Math.min(workers, queues) : workers, databaseCores, queues };
  for (let batch = 1; batch < MAX_IN_BATCH; batch += 1) {
    const now = withBatch(costs, site, batch);
    const arriving = ((now.perSecond / site.workers) * costs.aloneMs) / 1000 / SLOTS;
    if (now.bound === 'queue' && arriving <= batch) return now;
  }
  return withBatch(costs, site, MAX_IN_BATCH);
}

function withBatch(costs: Costs, { workers, databaseCores, queues }: Required<Site>, batch: number): Forecast {
  const micros = (of: { readonly alone: number; readonly inBatch: number }): number => {
    const perBatch = (of.alone - of.inBatch) / (1 - 1 / costs.batch);
    return of.alone - perBatch + perBatch / batch;
  };
  const [worker, database] = [micros(costs.worker), micros(costs.database)];
  const limits: readonly (readonly [Resource, number])[] = [
    ['queue', costs.queuePerSecond * queues],
    ['counter', (costs.counterPerSecond ?? Infinity) * batch],
    ['database', (databaseCores * 1e6) / database],
    ['workers', (workers * 1e6) / worker],
  ];
  const [bound, perSecond] = limits.reduce((least, limit) => (limit[1] < least[1] ? limit : least));
  return {
    perSecond,
    bound,
    batch,
    busy: { workers: (perSecond * worker) / 1e6, database: (perSecond * database) / 1e6 },
  };
}

/**
 * Returns the measured costs of a workload; `undefined` where throughput, latency or the driver
 * alone were not measured.
 */
export function costsOf({ throughput, latency, raw, machine }: Results, workload: string): Costs | undefined {
  const of = (runs: readonly Run[], subject: string, figure: (run: Run) => number): number =>
    median(runs.filter((run) => run.subject === subject && run.workload === workload).map(figure));
  const driver = raw.filter((run) => run.workload === workload);
  const microsOf = (perSecond: number): number => (machine.cores * 1e6) / perSecond;
  const counter = raw.filter((run) => run.workload === 'counter').map(({ singlePerSecond }) => singlePerSecond);
  const costs: Costs = {
    batch: of(throughput, 'worker', ({ batch = Number.NaN }) => batch),
    worker: {
      alone: of(latency, 'worker', ({ cost }) => cost.cpuMicros),
      inBatch: of(throughput, 'worker', ({ cost }) => cost.cpuMicros),
    },
    database: {
      alone: microsOf(median(driver.map(({ singlePerSecond }) => singlePerSecond))),
      inBatch: microsOf(median(driver.flatMap(({ batchedPerSecond }) => batchedPerSecond ?? []))),
    },
    aloneMs: of(latency, 'worker', (run) => run.latency.p50),
    queuePerSecond: of(throughput, 'echo', ({ perSecond }) => perSecond),
    ...(workload === 'create' && counter.length > 0 && { counterPerSecond: median(counter) }),
  };
  const numbers = [costs.batch, costs.aloneMs, costs.queuePerSecond, ...Object.values(costs.worker)];
  return [...numbers, ...Object.values(costs.database)].every(Number.isFinite) ? costs : undefined;
}
