import type { Random } from '../random.ts';
import { brokerFaults } from './broker.ts';
import { databaseFaults } from './database.ts';
import { destinationFaults } from './destinations.ts';
import type { FaultKind } from './fault.ts';
import { messageFaults } from './messages.ts';
import { momentFaults } from './moments.ts';
import { networkFaults, producerNetworkFaults } from './network.ts';
import { killed, terminated, workerFaults } from './workers.ts';

/**
 * Groups of faults, and how many of each the short form runs; it then ends in about two minutes.
 */
const SORTS: readonly (readonly [kinds: readonly FaultKind[], inShort: number])[] = [
  [workerFaults, 4],
  [brokerFaults, 5],
  [momentFaults, 5],
  [networkFaults, 3],
  [databaseFaults, 3],
  [destinationFaults, 0],
  [messageFaults, 1],
];

/** Every kind except the stops under load, which have their own share of a plan. */
const KINDS: readonly FaultKind[] = SORTS.flatMap(([kinds]) => kinds);

/** The share of SIGTERMs under load among all faults. */
const TERMINATIONS = 1 / 3;
const TERMINATIONS_IN_SHORT = 5;

/**
 * Returns a sequence of faults: every kind at least once where `count` allows it, the others by
 * their weights.
 */
export function plan(random: Random, count: number, only?: string, all: readonly FaultKind[] = KINDS): FaultKind[] {
  const kinds = only === undefined ? all : all.filter(({ name }) => name.includes(only));
  if (kinds.length === 0) return Array.from({ length: count }, () => terminated);
  if (only !== undefined) return Array.from({ length: count }, () => random.pick(kinds));
  const ends = Math.floor(count * TERMINATIONS);
  const once = random.shuffled(kinds).slice(0, count - ends);
  const more = Array.from({ length: count - ends - once.length }, () => weighted(random, kinds));
  const terminations = Array.from({ length: ends }, () => terminated);
  return random.shuffled([...once, ...more, ...terminations]);
}

/**
 * Returns some kinds of each group, which depend on the seed, those that are always included, and
 * some stops under load.
 */
export function shortPlan(random: Random): FaultKind[] {
  const some = SORTS.flatMap(([kinds, count]) => {
    const always = kinds.filter(({ short }) => short === 'always');
    const others = random.shuffled(kinds.filter(({ short }) => short === undefined));
    return [...always, ...others].slice(0, count);
  });
  const terminations = Array.from({ length: TERMINATIONS_IN_SHORT }, () => terminated);
  return random.shuffled([...some, ...terminations]);
}

/** For several queues: workers are killed, and stopped, in turn. */
export function queuesPlan(count: number): FaultKind[] {
  return Array.from({ length: count }, (_, at) => (at % 3 === 2 ? terminated : killed));
}

/** For the client library: the producers' own network fails as often as all else together. */
export function clientPlan(random: Random, count: number, only?: string): FaultKind[] {
  const ofProducers = plan(random, Math.ceil(count / 2), only, producerNetworkFaults);
  return random.shuffled([...ofProducers, ...plan(random, Math.floor(count / 2), only)]);
}

const SHORT_FOR_CLIENT = ['broker killed', 'all workers killed', "producers' network cut"];

/** A few faults of the client's connection and of what answers it; half a minute. */
export function shortClientPlan(random: Random): FaultKind[] {
  const kinds = [...producerNetworkFaults, ...KINDS];
  return random.shuffled(
    SHORT_FOR_CLIENT.map((name) => {
      const found = kinds.find((kind) => kind.name.startsWith(name));
      if (found === undefined) throw new Error(`there is no fault ${name}`);
      return found;
    }),
  );
}

function weighted(random: Random, kinds: readonly FaultKind[]): FaultKind {
  let left = random.next() * kinds.reduce((sum, { weight }) => sum + weight, 0);
  return kinds.find(({ weight }) => (left -= weight) < 0) ?? random.pick(kinds);
}
