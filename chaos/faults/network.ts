import type { Direction } from '../proxy/frames.ts';
import { PRODUCERS_ROUTE, routeOf } from '../infrastructure/testbed.ts';
import type { Toxic } from '../infrastructure/toxiproxy.ts';
import type { Random } from '../random.ts';
import type { FaultKind, FaultContext } from './fault.ts';

type ToxicKind = readonly [words: string, make: (random: Random) => Toxic];

/** What toxiproxy does to a route; the details are chosen anew each time. */
const TOXICS: readonly ToxicKind[] = [
  ['slow', (random) => ({ type: 'latency', attributes: { latency: random.between(50, 900), jitter: 50 } })],
  ['of little bandwidth', (random) => ({ type: 'bandwidth', attributes: { rate: random.between(5, 60) } })],
  [
    'in slices of a few bytes',
    (random) => ({
      type: 'slicer',
      attributes: { average_size: random.between(8, 64), size_variation: 7, delay: random.between(0, 400) },
    }),
  ],
  ['silent', () => ({ type: 'timeout', attributes: { timeout: 0 } })],
  ['reset by its peer', (random) => ({ type: 'reset_peer', attributes: { timeout: random.between(0, 500) } })],
  ['cut after some bytes', (random) => ({ type: 'limit_data', attributes: { bytes: random.between(500, 20_000) } })],
];

/**
 * Returns a route for a fault. The producers' is chosen less often: failures there mostly have to
 * be handled by the suite itself.
 */
function randomRoute({ testbed, random }: FaultContext): string {
  if (random.chance(0.15)) return PRODUCERS_ROUTE;
  return routeOf(random.pick(['broker', 'database'] as const), random.pick(testbed.workers).number);
}

/** By default its route is chosen anew each time. */
function toxicFault([words, make]: ToxicKind, fixed?: { readonly name: string; readonly route: string }): FaultKind {
  return {
    name: `${fixed?.name ?? 'network'} ${words}`,
    weight: 3,
    async begin(context) {
      const { testbed, random } = context;
      const { toxiproxy } = testbed;
      const route = fixed?.route ?? randomRoute(context);
      const toxic = make(random);
      const directions: readonly Direction[] = random.pick([['up'], ['down'], ['up', 'down']]);
      for (const direction of directions) await toxiproxy.addToxic(route, direction, toxic);
      return { holdMs: random.between(500, 5_000), end: () => toxiproxy.reset() };
    },
  };
}

const refused: FaultKind = {
  name: 'network refuses connections',
  weight: 2,
  async begin(context) {
    const { toxiproxy } = context.testbed;
    await toxiproxy.setEnabled(randomRoute(context), false);
    return { holdMs: context.random.between(500, 4_000), end: () => toxiproxy.reset() };
  },
};

const slowDatabase: FaultKind = {
  name: 'database slow for all workers',
  weight: 2,
  async begin({ testbed: { toxiproxy, workers }, random }) {
    const [, make] = TOXICS[0] as ToxicKind;
    const toxic = make(random);
    for (const { number } of workers) await toxiproxy.addToxic(routeOf('database', number), 'down', toxic);
    return { holdMs: random.between(1_000, 4_000), end: () => toxiproxy.reset() };
  },
};

export const networkFaults: readonly FaultKind[] = [...TOXICS.map((kind) => toxicFault(kind)), refused, slowDatabase];

/** For a load whose producers are themselves under test. */
export const producerNetworkFaults: readonly FaultKind[] = TOXICS.map((kind) =>
  toxicFault(kind, { name: "producers' network", route: PRODUCERS_ROUTE }),
);
