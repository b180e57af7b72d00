import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from '../../infrastructure/command.ts';
import type { Results } from '../figures.ts';

/** Results as a file has them: an older file lacks the studies that did not exist yet. */
export type SavedResults = Partial<Results> & Pick<Results, 'startedAt' | 'machine' | 'settings'>;

/** What runs with one request in flight were called while they were part of `throughput`. */
const FORMERLY = 'latency ';

/** Reads a file of bench/results, also an older one. */
export function readResults(file: string): Results {
  return completed(JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as SavedResults);
}

const NOTHING = {
  throughput: [],
  latency: [],
  longLists: [],
  coldStart: [],
  raw: [],
  client: [],
  inFlight: [],
  workers: [],
  growth: [],
  pages: [],
  fairness: [],
  backlog: [],
} satisfies Partial<Results>;

/** Returns the results with what an older file lacks, each figure at its present place. */
export function completed(saved: SavedResults): Results {
  const results: Results = { ...NOTHING, ...saved };
  const moved = results.throughput
    .filter(({ workload }) => workload.startsWith(FORMERLY))
    .map((run) => ({ ...run, workload: run.workload.slice(FORMERLY.length) }));
  return {
    ...results,
    throughput: results.throughput.filter(({ workload }) => !workload.startsWith(FORMERLY)),
    latency: [...results.latency, ...moved],
  };
}
