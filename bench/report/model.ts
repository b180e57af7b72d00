import type { Results, Run } from '../figures.ts';
import { median } from './summary.ts';

/** What one request of a workload costs, alone and in a batch, as it was measured. */
export interface Costs {
  /** Requests in the batch that the figures `inBatch` come from. */
  readonly batch: number;
  /** Microseconds of the worker's processor. */
  readonly worker: { readonly alone: number; readonly inBatch: number };
  /** Microseconds of the database's processors, the driver's own included: an upper bound. */
  readonly database: { readonly alone: number; readonly inBatch: number };
  /** Milliseconds for one request with nothing beside it. */
  readonly aloneMs: number;
  /** Requests a second that one queue, thus its leader, can hand out and take answers for: a lower bound. */
  readonly queuePerSecond: number;
  /** Batches a second that get numbers from the one counter; absent where the workload needs none. */
  readonly counterPerSecond?: number;
}

/** What is there: each worker has a core of its own. */
export interface Site {
  readonly workers: number;
  readonly databaseCores: number;
}

export type Resource = 'workers' | 'database' | 'queue' | 'counter';

/** What a site is able to do, and by what it is bound. */
export interface Forecast {
  readonly perSecond: number;
  readonly bound: Resource;
  /** Requests in a batch. */
  readonly batch: number;
  /** Cores that the workers and the database have at work. */
  readonly busy: { readonly workers: number; readonly database: number };
}

const MAX_IN_BATCH = 128;
const SLOTS = 2;

/**
 * The throughput of a site under more requests than it can do. Costs are taken as a share for each batch and one for each
 * request. Where the queue binds, nothing waits in the workers: then a batch holds what arrives while the two before it
 * are away, and the more workers there are, the smaller it is.
 */
export function forecast(costs: Costs, site: Site): Forecast {
  for (let batch = 1; batch < MAX_IN_BATCH; batch += 1) {
    const now = withBatch(costs, site, batch);
    const arriving = ((now.perSecond / site.workers) * costs.aloneMs) / 1000 / SLOTS;
    if (now.bound === 'queue' && arriving <= batch) return now;
  }
  return withBatch(costs, site, MAX_IN_BATCH);
}

function withBatch(costs: Costs, { workers, databaseCores }: Site, batch: number): Forecast {
  const micros = (of: { readonly alone: number; readonly inBatch: number }): number => {
    const perBatch = (of.alone - of.inBatch) / (1 - 1 / costs.batch);
    return of.alone - perBatch + perBatch / batch;
  };
  const [worker, database] = [micros(costs.worker), micros(costs.database)];
  const limits: readonly (readonly [Resource, number])[] = [
    ['queue', costs.queuePerSecond],
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

/** The measured costs of a workload; `undefined` where throughput, latency or the driver alone were not measured. */
export function costsOf({ throughput, raw, machine }: Results, workload: string): Costs | undefined {
  const of = (subject: string, name: string, figure: (run: Run) => number): number =>
    median(throughput.filter((run) => run.subject === subject && run.workload === name).map(figure));
  const driver = raw.filter((run) => run.workload === workload);
  const microsOf = (perSecond: number): number => (machine.cores * 1e6) / perSecond;
  const counter = raw.filter((run) => run.workload === 'counter').map(({ singlePerSecond }) => singlePerSecond);
  const costs: Costs = {
    batch: of('worker', workload, ({ batch = Number.NaN }) => batch),
    worker: {
      alone: of('worker', `latency ${workload}`, ({ cost }) => cost.cpuMicros),
      inBatch: of('worker', workload, ({ cost }) => cost.cpuMicros),
    },
    database: {
      alone: microsOf(median(driver.map(({ singlePerSecond }) => singlePerSecond))),
      inBatch: microsOf(median(driver.flatMap(({ batchedPerSecond }) => batchedPerSecond ?? []))),
    },
    aloneMs: of('worker', `latency ${workload}`, ({ latency }) => latency.p50),
    queuePerSecond: of('echo', workload, ({ perSecond }) => perSecond),
    ...(workload === 'create' && counter.length > 0 && { counterPerSecond: median(counter) }),
  };
  const numbers = [costs.batch, costs.aloneMs, costs.queuePerSecond, ...Object.values(costs.worker)];
  return [...numbers, ...Object.values(costs.database)].every(Number.isFinite) ? costs : undefined;
}
