import type { Collection, Db } from 'mongodb';

import { printProgress } from '../../infrastructure/progress.ts';
import type { RawRun } from '../figures.ts';
import { latencyOf } from '../load/latency.ts';
import { CLIENTS, PER_PAGE } from '../load/requests.ts';
import type { Testbed } from '../infrastructure/testbed.ts';

const AT_ONCE = { single: 32, batched: 2 };
const BATCH = 64;
const FIRST_ID = 1_200_000_000;

interface Stored {
  readonly _id: number;
  readonly [field: string]: unknown;
}

/** One call of the driver for `count` requests. */
type Call = (count: number) => Promise<unknown>;

/**
 * The driver alone on the worker's collections, with their indexes: one operation at a time, many
 * single ones, and 64 in one call. With the echo's time, the first is the least that a lone request
 * can take.
 */
export async function raw(testbed: Testbed): Promise<readonly RawRun[]> {
  const { db, size } = testbed.deployment('worker').contacts;
  const calls = { ...callsOf(db.collection<Stored>('contacts'), size), counter: await counterCall(db) };
  const runs: RawRun[] = [];
  for (let round = 1; round <= testbed.settings.rounds; round += 1) {
    for (const [workload, { call, batches }] of Object.entries(calls)) {
      const loneMs = await lone(call, testbed.settings.seconds);
      const singlePerSecond = await rate(call, 1, AT_ONCE.single, testbed.settings.seconds);
      const batched = batches ? await rate(call, BATCH, AT_ONCE.batched, testbed.settings.seconds) : undefined;
      runs.push({ workload, round, loneMs, singlePerSecond, batchedPerSecond: batched });
      const batchedText = batched === undefined ? '' : `, ${batched.toFixed(0)}/s in batches`;
      const singleText = `${loneMs.toFixed(2)} ms alone, ${singlePerSecond.toFixed(0)}/s`;
      printProgress(`round ${round}  driver alone  ${workload}  ${singleText}${batchedText}`);
    }
  }
  return runs;
}

function callsOf(
  contacts: Collection<Stored>,
  size: number,
): Readonly<Record<string, { call: Call; batches: boolean }>> {
  let inserted = FIRST_ID;
  let removed = FIRST_ID;
  let changed = 0;
  const some = (count: number): number[] => Array.from({ length: count }, () => 1 + Math.floor(Math.random() * size));
  const fields = (id: number): Stored => {
    const email = `raw.${id}@example.com`;
    const contact = { client_id: 1 + (id % CLIENTS), first_name: 'Eva', last_name: 'Brown', email, email_key: email };
    return { _id: id, ...contact, client_id: 2_000, created_by: `raw-${id}`, created_at: new Date() };
  };
  const insert: Call = (count) => {
    const first = inserted;
    inserted += count;
    return contacts.insertMany(
      Array.from({ length: count }, (_, i) => fields(first + i)),
      { ordered: false },
    );
  };
  const change = (ids: readonly number[], update: object): Promise<unknown> =>
    contacts.bulkWrite(
      ids.toSorted((a, b) => a - b).map((id) => ({ updateOne: { filter: { _id: id }, update } })),
      { ordered: false },
    );
  return {
    create: { call: insert, batches: true },
    get: { call: (count) => contacts.find({ _id: { $in: some(count) } }).toArray(), batches: true },
    update: {
      call: (count) => {
        changed += 1;
        // A different value each time: writing an equal value costs the database nothing.
        return change([...new Set(some(count))], { $set: { first_name: `Ana ${changed}` } });
      },
      batches: true,
    },
    delete: {
      call: (count) => {
        const first = removed;
        removed += count;
        const ids = Array.from({ length: count }, (_, i) => first + i);
        return change(ids, { $set: { deleted_at: new Date() }, $unset: { client_id: true, email_key: true } });
      },
      batches: true,
    },
    list: {
      call: () => {
        const [client = 1] = some(1).map((id) => 1 + (id % CLIENTS));
        return contacts.find({ client_id: client }, { sort: { _id: 1 }, limit: PER_PAGE + 1 }).toArray();
      },
      batches: false,
    },
  };
}

/** Takes one number per call from a single contended document, like the ids of contacts. */
async function counterCall(db: Db): Promise<{ call: Call; batches: boolean }> {
  const counters = db.collection<{ _id: string; next: number }>('counters');
  const name = { _id: 'bench' };
  await counters.updateOne(name, { $setOnInsert: { next: 1 } }, { upsert: true });
  return { call: () => counters.findOneAndUpdate(name, { $inc: { next: 1 } }), batches: false };
}

/** Returns operations per second. */
async function rate(call: Call, count: number, atOnce: number, seconds: number): Promise<number> {
  let done = 0;
  const from = performance.now();
  const until = from + seconds * 1000;
  const loop = async (): Promise<void> => {
    while (performance.now() < until) {
      await call(count);
      done += count;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, loop));
  return (done / (performance.now() - from)) * 1000;
}

/** Returns the median time of one operation, in milliseconds, with no other under way. */
async function lone(call: Call, seconds: number): Promise<number> {
  const times: number[] = [];
  const until = performance.now() + seconds * 1000;
  while (performance.now() < until) {
    const from = performance.now();
    await call(1);
    times.push(performance.now() - from);
  }
  return latencyOf(times).p50;
}
