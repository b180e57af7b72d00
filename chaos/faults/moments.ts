import type { Direction, Moment } from '../proxy/frames.ts';
import type { Gate } from '../proxy/gate.ts';
import type { Passage } from '../proxy/passage.ts';
import type { WorkerSlot } from '../infrastructure/worker-slot.ts';
import type { FaultKind, Ongoing, Scene } from './fault.ts';

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

/** Waits for the trap to spring, with requests under way all the time; `false` where its moment did not come. */
export async function sprung(gate: Gate, { load }: Scene): Promise<boolean> {
  const until = Date.now() + OCCASION_MS;
  while (gate.armed && Date.now() < until) {
    if (load.underWay < FEW) load.allow(2 * FEW);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const waiting = gate.armed;
  gate.disarm();
  return !waiting;
}

function hurt(worker: WorkerSlot, passage: Passage, { directions, everywhere }: Harm): void {
  const hit = everywhere === true ? [worker.broker, worker.database] : [passage];
  for (const one of hit) {
    if (directions === undefined) one.reset();
    else one.silence(directions);
  }
}

/** A short silence is over before anybody notices; a long one is found out by time limits and heartbeats. */
function silence(worker: WorkerSlot, { directions }: Harm, { random, patient }: Scene): Ongoing {
  const holdMs = directions === undefined ? 0 : random.pick(patient ? LONG_SILENCES_MS : SHORT_SILENCES_MS);
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
    async begin(scene) {
      const worker = scene.random.pick(scene.stage.workers);
      const harm = scene.random.pick(HARMS);
      const gate = worker[server];
      gate.arm({
        moment,
        skip: scene.random.between(0, MAX_SKIPPED[server]),
        spring: (message, passage) => {
          hurt(worker, passage, harm);
          // Where the other direction is silent this message still arrives; else the passage keeps or drops it.
          return message;
        },
      });
      return (await sprung(gate, scene)) ? silence(worker, harm, scene) : undefined;
    },
  };
}

function deadlyMoment({ moment, server, words }: (typeof MOMENTS)[number]): FaultKind {
  return {
    name: `worker killed ${words}`,
    weight: 3,
    async begin(scene) {
      const { stage, random } = scene;
      const worker = random.pick(stage.workers);
      const gate = worker[server];
      const arrives = random.chance(0.5);
      gate.arm({
        moment,
        skip: random.between(0, MAX_SKIPPED[server]),
        spring: (message) => {
          worker.signal('SIGKILL');
          return arrives ? message : undefined;
        },
      });
      return (await sprung(gate, scene)) ? { holdMs: 0, end: () => Promise.resolve() } : undefined;
    },
  };
}

export const momentFaults: readonly FaultKind[] = [...MOMENTS.map(networkFault), ...MOMENTS.map(deadlyMoment)];
