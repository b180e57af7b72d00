import type { Direction, Moment } from '../proxy/frames.ts';
import type { FaultProxy } from '../proxy/fault-proxy.ts';
import type { InspectedConnection } from '../proxy/inspected-connection.ts';
import type { WorkerSlot } from '../infrastructure/worker-slot.ts';
import type { FaultKind, ActiveFault, FaultContext } from './fault.ts';

/** The moments of a request's way at which the network fails or the process dies, and the server whose protocol shows them. */
const MOMENTS: readonly { readonly moment: Moment; readonly server: 'broker' | 'database'; readonly words: string }[] =
  [
    { moment: 'write', server: 'database', words: 'before the write' },
    { moment: 'written', server: 'database', words: 'after the write, before its outcome is known' },
    { moment: 'answer', server: 'broker', words: 'after the write, before the answer is out' },
    { moment: 'confirm', server: 'broker', words: 'after the answer, before its confirm' },
    { moment: 'settle', server: 'broker', words: 'after the confirm, before the ack' },
  ];

/** What happens at that moment. `everywhere`: to all connections of that worker, not only to the one that shows the moment. */
interface Harm {
  readonly words: string;
  readonly directions?: readonly Direction[];
  readonly everywhere?: boolean;
}

const HARMS: readonly Harm[] = [
  { words: 'connection reset' },
  { words: 'all connections reset', everywhere: true },
  { words: 'nothing more gets out', directions: ['up'] },
  { words: 'nothing more gets in', directions: ['down'] },
  { words: 'silence in both directions', directions: ['up', 'down'] },
  { words: 'worker cut off', directions: ['up', 'down'], everywhere: true },
];

/** The longest is beyond the worker's time limits for the database, twice eight seconds. */
const LONG_SILENCES_MS = [500, 1_500, 4_000, 7_000, 18_000];
const SHORT_SILENCES_MS = [500, 1_500, 4_000];
const OCCASION_MS = 8_000;
/** Each answer passes for itself, writes pass in batches. */
const MAX_SKIPPED = { broker: 60, database: 8 };
const FEW = 50;

/** Waits for the failpoint to trigger, with requests under way all the time; `false` where its moment did not come. */
export async function triggered(proxy: FaultProxy, { load }: FaultContext): Promise<boolean> {
  const until = Date.now() + OCCASION_MS;
  while (proxy.armed && Date.now() < until) {
    if (load.inFlight < FEW) load.allow(2 * FEW);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const waiting = proxy.armed;
  proxy.disarm();
  return !waiting;
}

function hurt(worker: WorkerSlot, connection: InspectedConnection, { directions, everywhere }: Harm): void {
  const hit = everywhere === true ? [worker.broker, worker.database] : [connection];
  for (const one of hit) {
    if (directions === undefined) one.reset();
    else one.silence(directions);
  }
}

/** A short silence is over before anybody notices; a long one is found out by time limits and heartbeats. */
function silence(worker: WorkerSlot, { directions }: Harm, { random, longFaults }: FaultContext): ActiveFault {
  const holdMs = directions === undefined ? 0 : random.pick(longFaults ? LONG_SILENCES_MS : SHORT_SILENCES_MS);
  const end = (): Promise<void> => {
    worker.broker.restore();
    worker.database.restore();
    return Promise.resolve();
  };
  return { holdMs, end };
}

function networkFault({ moment, server, words }: (typeof MOMENTS)[number]): FaultKind {
  return {
    name: `network fails ${words}`,
    weight: 7,
    async begin(context) {
      const worker = context.random.pick(context.testbed.workers);
      const harm = context.random.pick(HARMS);
      const proxy = worker[server];
      proxy.arm({
        moment,
        skip: context.random.between(0, MAX_SKIPPED[server]),
        trigger: (message, connection) => {
          hurt(worker, connection, harm);
          // Where the other direction is silent this message still arrives; else the connection keeps or drops it.
          return message;
        },
      });
      return (await triggered(proxy, context)) ? silence(worker, harm, context) : undefined;
    },
  };
}

function deadlyMoment({ moment, server, words }: (typeof MOMENTS)[number]): FaultKind {
  return {
    name: `worker killed ${words}`,
    weight: 3,
    async begin(context) {
      const { testbed, random } = context;
      const worker = random.pick(testbed.workers);
      const proxy = worker[server];
      const arrives = random.chance(0.5);
      proxy.arm({
        moment,
        skip: random.between(0, MAX_SKIPPED[server]),
        trigger: (message) => {
          worker.signal('SIGKILL');
          return arrives ? message : undefined;
        },
      });
      return (await triggered(proxy, context)) ? { holdMs: 0, end: () => Promise.resolve() } : undefined;
    },
  };
}

export const momentFaults: readonly FaultKind[] = [...MOMENTS.map(networkFault), ...MOMENTS.map(deadlyMoment)];
