import type { Direction, Moment } from '../proxy/frames.ts';
import type { Failpoint, FaultProxy } from '../proxy/fault-proxy.ts';
import type { InspectedConnection } from '../proxy/inspected-connection.ts';
import type { WorkerSlot } from '../infrastructure/worker-slot.ts';
import { INSTANT, type ActiveFault, type FaultContext, type FaultKind } from './fault.ts';

/**
 * The moments of a request's processing at which the network fails or the process dies, and the
 * server whose protocol shows them.
 */
const MOMENTS: readonly { readonly moment: Moment; readonly server: 'broker' | 'database'; readonly words: string }[] =
  [
    { moment: 'write', server: 'database', words: 'before the write' },
    { moment: 'written', server: 'database', words: 'after the write, before its outcome is known' },
    { moment: 'answer', server: 'broker', words: 'after the write, before the answer is out' },
    { moment: 'confirm', server: 'broker', words: 'after the answer, before its confirm' },
    { moment: 'settle', server: 'broker', words: 'after the confirm, before the ack' },
  ];

/**
 * What happens at that moment. `everywhere`: to all connections of that worker, not only to the one
 * that shows the moment.
 */
interface Damage {
  readonly words: string;
  readonly directions?: readonly Direction[];
  readonly everywhere?: boolean;
}

const DAMAGES: readonly Damage[] = [
  { words: 'connection reset' },
  { words: 'all connections reset', everywhere: true },
  { words: 'nothing more gets out', directions: ['up'] },
  { words: 'nothing more gets in', directions: ['down'] },
  { words: 'silence in both directions', directions: ['up', 'down'] },
  { words: 'worker cut off', directions: ['up', 'down'], everywhere: true },
];

/** The longest exceeds the worker's time limits for the database, twice eight seconds. */
const LONG_SILENCES_MS = [500, 1_500, 4_000, 7_000, 18_000];
const SHORT_SILENCES_MS = [500, 1_500, 4_000];
const TRIGGER_LIMIT_MS = 8_000;
/** Answers pass one by one, writes in batches. */
const MAX_SKIPPED = { broker: 60, database: 8 };
const MIN_IN_FLIGHT = 50;

/**
 * Arms the failpoint and waits until it triggers, with requests in flight all the time. Resolves
 * with `false` where its moment did not occur.
 */
export async function triggered(proxy: FaultProxy, failpoint: Failpoint, { load }: FaultContext): Promise<boolean> {
  proxy.arm(failpoint);
  const until = Date.now() + TRIGGER_LIMIT_MS;
  while (proxy.armed && Date.now() < until) {
    if (load.inFlight < MIN_IN_FLIGHT) load.allow(2 * MIN_IN_FLIGHT);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const waiting = proxy.armed;
  proxy.disarm();
  return !waiting;
}

function apply(worker: WorkerSlot, connection: InspectedConnection, { directions, everywhere }: Damage): void {
  const targets = everywhere === true ? [worker.broker, worker.database] : [connection];
  for (const one of targets) {
    if (directions === undefined) one.reset();
    else one.silence(directions);
  }
}

/** A short silence ends unnoticed; time limits and heartbeats detect a long one. */
function untilRestored(worker: WorkerSlot, { directions }: Damage, { random, longFaults }: FaultContext): ActiveFault {
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
      const damage = context.random.pick(DAMAGES);
      const proxy = worker[server];
      const failpoint: Failpoint = {
        moment,
        skip: context.random.between(0, MAX_SKIPPED[server]),
        trigger: (message, connection) => {
          apply(worker, connection, damage);
          // Where only the other direction is silent, this message still arrives; else the
          // connection keeps or drops it.
          return message;
        },
      };
      return (await triggered(proxy, failpoint, context)) ? untilRestored(worker, damage, context) : undefined;
    },
  };
}

function deadlyFault({ moment, server, words }: (typeof MOMENTS)[number]): FaultKind {
  return {
    name: `worker killed ${words}`,
    weight: 3,
    async begin(context) {
      const { testbed, random } = context;
      const worker = random.pick(testbed.workers);
      const proxy = worker[server];
      const arrives = random.chance(0.5);
      const failpoint: Failpoint = {
        moment,
        skip: random.between(0, MAX_SKIPPED[server]),
        trigger: (message) => {
          worker.signal('SIGKILL');
          return arrives ? message : undefined;
        },
      };
      return (await triggered(proxy, failpoint, context)) ? INSTANT : undefined;
    },
  };
}

export const momentFaults: readonly FaultKind[] = [...MOMENTS.map(networkFault), ...MOMENTS.map(deadlyFault)];
