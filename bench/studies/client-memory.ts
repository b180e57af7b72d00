import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { printProgress } from '../../infrastructure/progress.ts';
import { ContactsClient, TimeoutError } from '../../src/client/index.ts';
import { DEFAULT_IN_FLIGHT } from './throughput.ts';

const ANSWERER = fileURLToPath(new URL('../subjects/answerer.ts', import.meta.url));
const MEASUREMENTS = 20;
/** The program's code is compiled and its buffers have their size by then. */
const SETTLED_AFTER = 2;
const MIB = 2 ** 20;
/** Some calls get no answer, and end so. */
const TIME_LIMIT_MS = 5_000;
const MAX_MINUTES = 40;

/** Memory after a garbage collection, in MiB. */
interface Measurement {
  readonly calls: number;
  readonly heapMiB: number;
  readonly rssMiB: number;
}

/**
 * The memory of the client library over `calls` calls, all of which share one AbortSignal, against
 * a process that answers from memory. Returns the lines of a table. Ends early after 40 minutes.
 */
export async function clientMemory(amqpUrl: string, calls: number): Promise<readonly string[]> {
  const queue = `bench.client-memory.${randomBytes(4).toString('hex')}`;
  const answerer = fork(ANSWERER, { env: { ...process.env, AMQP_URL: amqpUrl, REQUEST_QUEUE: queue } });
  try {
    await Promise.race([once(answerer, 'message'), once(answerer, 'exit').then(endedEarly)]);
    const contacts = await ContactsClient.connect({ url: amqpUrl, queue, maxInFlight: DEFAULT_IN_FLIGHT });
    const { measurements, timeouts } = await run(contacts, calls);
    const rows = measurements.map(
      (one) =>
        `${String(one.calls).padStart(9)}  ${one.heapMiB.toFixed(1).padStart(8)}  ${one.rssMiB.toFixed(0).padStart(7)}`,
    );
    const lines = [`    calls  heap MiB  RSS MiB`, ...rows, summary(measurements, timeouts, contacts)];
    await contacts.close();
    return lines;
  } finally {
    answerer.kill();
  }
}

async function run(
  contacts: ContactsClient,
  calls: number,
): Promise<{ readonly measurements: readonly Measurement[]; readonly timeouts: number }> {
  const { signal } = new AbortController();
  const share = Math.ceil(calls / MEASUREMENTS);
  const until = Date.now() + MAX_MINUTES * 60_000;
  const measurements = [measure(0)];
  let timeouts = 0;
  for (let done = 0; done < calls && Date.now() < until; done += share) {
    let left = Math.min(share, calls - done);
    const loop = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        try {
          await contacts.get(1, { signal, timeoutMs: TIME_LIMIT_MS });
        } catch (error) {
          if (!(error instanceof TimeoutError)) throw error;
          timeouts += 1;
        }
      }
    };
    await Promise.all(Array.from({ length: 2 * DEFAULT_IN_FLIGHT }, loop));
    const measured = measure(Math.min(calls, done + share));
    measurements.push(measured);
    printProgress(
      `${measured.calls} calls: heap ${measured.heapMiB.toFixed(1)} MiB, RSS ${measured.rssMiB.toFixed(0)} MiB`,
    );
  }
  return { measurements, timeouts };
}

function summary(measurements: readonly Measurement[], timeouts: number, { stats }: ContactsClient): string {
  const settled = measurements[SETTLED_AFTER] ?? measurements[0];
  const last = measurements.at(-1);
  if (settled === undefined || last === undefined || last === settled) return 'too few calls to compare';
  const bytes = ((last.heapMiB - settled.heapMiB) * MIB) / (last.calls - settled.calls);
  return (
    `From ${settled.calls} to ${last.calls} calls the heap grows by ${bytes.toFixed(2)} bytes a call, ` +
    `RSS by ${(last.rssMiB - settled.rssMiB).toFixed(0)} MiB. ${timeouts} calls had no answer; ` +
    `${stats.inFlight + stats.waiting} are left open.`
  );
}

function measure(calls: number): Measurement {
  collectGarbage();
  const { heapUsed, rss } = process.memoryUsage();
  return { calls, heapMiB: heapUsed / MIB, rssMiB: rss / MIB };
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

function endedEarly(): never {
  throw new Error('the process that answers has ended');
}
