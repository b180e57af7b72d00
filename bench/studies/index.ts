import type { Results } from '../figures.ts';
import type { Workload } from '../load/workloads.ts';
import type { Arena, BenchSettings } from '../infrastructure/arena.ts';
import { backlog } from './backlog.ts';
import { client } from './client.ts';
import { fairness } from './fairness.ts';
import { growth } from './growth.ts';
import { inFlight, workers } from './load.ts';
import { raw } from './raw.ts';
import { throughput } from './throughput.ts';

/** In the order in which they run: the last one fills the database. */
export const STUDIES = [
  'throughput',
  'raw',
  'client',
  'in-flight',
  'workers',
  'fairness',
  'backlog',
  'growth',
] as const;
export type Study = (typeof STUDIES)[number];

/** What the studies are to do. */
export interface Wishes {
  readonly settings: BenchSettings;
  readonly workloads: readonly Workload[];
  /** Contacts that the collection grows to. */
  readonly mostContacts: number;
  /** Requests that gather while no worker runs. */
  readonly backlog: number;
}

type Figures = Omit<Results, 'startedAt' | 'machine' | 'settings'>;

/** Runs the named studies, one after another. */
export async function study(arena: Arena, names: readonly Study[], wishes: Wishes): Promise<Figures> {
  const run = async <Found>(name: Study, found: () => Promise<Found>, otherwise: Found): Promise<Found> =>
    names.includes(name) ? found() : otherwise;
  const figures = {
    throughput: await run('throughput', () => throughput(arena, wishes.workloads), []),
    raw: await run('raw', () => raw(arena), []),
    client: await run('client', () => client(arena), []),
    inFlight: await run('in-flight', () => inFlight(arena), []),
    workers: await run('workers', () => workers(arena), []),
    fairness: await run('fairness', () => fairness(arena), []),
    backlog: await run('backlog', () => backlog(arena, wishes.backlog), []),
  };
  const grown = await run('growth', () => growth(arena, wishes.mostContacts), { runs: [], pages: [] });
  return { ...figures, growth: grown.runs, pages: grown.pages };
}
