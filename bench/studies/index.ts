import type { Results } from '../figures.ts';
import type { Workload } from '../load/workloads.ts';
import type { Testbed, BenchSettings } from '../infrastructure/testbed.ts';
import { backlog } from './backlog.ts';
import { client } from './client.ts';
import { coldStart } from './cold-start.ts';
import { fairness } from './fairness.ts';
import { growth } from './growth.ts';
import { latency } from './latency.ts';
import { inFlight, workers } from './load.ts';
import { longLists } from './long-lists.ts';
import { raw } from './raw.ts';
import { throughput } from './throughput.ts';

/** In the order in which they run; the last one fills the database. */
export const STUDIES = [
  'throughput',
  'latency',
  'long-lists',
  'cold-start',
  'raw',
  'client',
  'in-flight',
  'workers',
  'fairness',
  'backlog',
  'growth',
] as const;
export type Study = (typeof STUDIES)[number];
/** What docs/comparison.md shows. */
export const COMPARISON: readonly Study[] = ['throughput', 'latency', 'long-lists', 'cold-start'];

/** What to study, and how. */
export interface StudyOptions {
  readonly settings: BenchSettings;
  readonly workloads: readonly Workload[];
  /** Contacts that the collection grows to. */
  readonly maxContacts: number;
  /** Requests that queue up while no worker runs. */
  readonly backlog: number;
}

type Figures = Omit<Results, 'startedAt' | 'machine' | 'settings'>;

/** Runs the named studies, one after another. */
export async function study(testbed: Testbed, names: readonly Study[], options: StudyOptions): Promise<Figures> {
  const run = async <Found>(name: Study, found: () => Promise<Found>, otherwise: Found): Promise<Found> =>
    names.includes(name) ? found() : otherwise;
  const figures = {
    throughput: await run('throughput', () => throughput(testbed, options.workloads), []),
    latency: await run('latency', () => latency(testbed, options.workloads), []),
    longLists: await run('long-lists', () => longLists(testbed), []),
    coldStart: await run('cold-start', () => coldStart(testbed), []),
    raw: await run('raw', () => raw(testbed), []),
    client: await run('client', () => client(testbed), []),
    inFlight: await run('in-flight', () => inFlight(testbed), []),
    workers: await run('workers', () => workers(testbed), []),
    fairness: await run('fairness', () => fairness(testbed), []),
    backlog: await run('backlog', () => backlog(testbed, options.backlog), []),
  };
  const grown = await run('growth', () => growth(testbed, options.maxContacts), { runs: [], pages: [] });
  return { ...figures, growth: grown.runs, pages: grown.pages };
}
