import type { Random } from '../../chaos/random.ts';
import {
  CLIENTS,
  createRequest,
  deleteRequest,
  getRequest,
  listRequest,
  NEW_CLIENTS,
  updateRequest,
  type BenchRequest,
} from './requests.ts';

/** Returns the next request, or `undefined` when there are no more. */
export type Source = () => BenchRequest | undefined;

/** What a workload draws from. */
export interface Supply {
  readonly random: Random;
  /** Contacts with the ids from 1 to this are read and changed. */
  readonly contacts: number;
  /** Returns the id of a contact that nobody has deleted yet, or `undefined`. */
  readonly nextDeletable: () => number | undefined;
  /** Returns the next number, so that no two people are the same. */
  readonly number: () => number;
}

export const WORKLOADS = ['create', 'get', 'update', 'delete', 'list', 'mixed'] as const;
export type Workload = (typeof WORKLOADS)[number];

/** The mixed workload: cumulative shares of each kind, in percent. */
const MIXED: readonly (readonly [upTo: number, workload: Workload])[] = [
  [40, 'create'],
  [75, 'get'],
  [90, 'update'],
  [95, 'delete'],
  [100, 'list'],
];

/**
 * Returns endless requests of one workload; they end early only where no contacts to delete are
 * left.
 */
export function sourceOf(workload: Workload, { random, contacts, nextDeletable, number }: Supply): Source {
  const anyone = (): number => random.between(1, contacts);
  const sources: Readonly<Record<Workload, Source>> = {
    create: () => createRequest(random.between(NEW_CLIENTS.first, NEW_CLIENTS.last), number(), random),
    get: () => getRequest(anyone()),
    update: () => updateRequest(anyone(), number(), random),
    delete: () => {
      const id = nextDeletable();
      return id === undefined ? undefined : deleteRequest(id);
    },
    list: () => listRequest(random.between(1, CLIENTS), random.between(1, 8)),
    mixed: () => {
      const point = random.between(1, 100);
      const [, chosen] = MIXED.find(([upTo]) => point <= upTo) ?? [100, 'get'];
      return sources[chosen]();
    },
  };
  return sources[workload];
}
