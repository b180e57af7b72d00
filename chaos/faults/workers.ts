import { freePort } from '../../infrastructure/addresses.ts';
import { waitFor } from '../../infrastructure/progress.ts';
import { within } from '../../src/time/limit.ts';
import type { WorkerSlot } from '../infrastructure/worker-slot.ts';
import { INSTANT, type FaultKind, type FaultContext } from './fault.ts';

/** Longer than the broker waits for a heartbeat; the interval is two seconds in this suite. */
const PAST_HEARTBEAT_MS = 7_000;
const MAX_MOMENT_MS = 250;

function anyWorker({ testbed, random }: FaultContext): WorkerSlot {
  return random.pick(testbed.workers);
}

/** Waits for a random moment of the load. */
async function randomMoment({ random }: FaultContext): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, random.between(0, MAX_MOMENT_MS)));
}

/** Stops a worker gracefully and checks its final report: every delivery is accounted for. */
export async function stopGracefully(worker: WorkerSlot, { reportProblem }: FaultContext): Promise<void> {
  const { code, report } = await worker.stop();
  if (code !== 0) reportProblem(`a worker exited with ${code} after SIGTERM`);
  if (report === undefined) return reportProblem('a worker exited without its final report');
  const { delivered, acknowledged, dead_lettered, handed_back, lost } = report;
  if (delivered !== acknowledged + dead_lettered + handed_back + lost) {
    reportProblem(`a worker's final report does not add up: ${JSON.stringify(report)}`);
  }
}

export const killed: FaultKind = {
  name: 'worker killed (kill -9)',
  weight: 6,
  async begin(context) {
    await randomMoment(context);
    anyWorker(context).signal('SIGKILL');
    return INSTANT;
  },
};

const allKilled: FaultKind = {
  name: 'all workers killed at once',
  weight: 2,
  begin({ testbed }) {
    for (const worker of testbed.workers) worker.signal('SIGKILL');
    return Promise.resolve(INSTANT);
  },
};

const frozen: FaultKind = {
  name: 'worker frozen past the heartbeat (SIGSTOP, SIGCONT)',
  weight: 3,
  async begin(context) {
    await randomMoment(context);
    const worker = anyWorker(context);
    worker.signal('SIGSTOP');
    const holdMs = PAST_HEARTBEAT_MS + context.random.between(0, 2_000);
    return { holdMs, end: () => Promise.resolve(worker.signal('SIGCONT')) };
  },
};

/** Not part of `workerFaults`: see plan.ts. */
export const terminated: FaultKind = {
  name: 'worker stopped under full load (SIGTERM)',
  weight: 0,
  async begin(context) {
    await randomMoment(context);
    const worker = anyWorker(context);
    await stopGracefully(worker, context);
    return { holdMs: 0, end: () => worker.start() };
  },
};

const rolling: FaultKind = {
  name: 'rolling restart of all workers',
  weight: 2,
  async begin(context) {
    for (const worker of context.testbed.workers) {
      await stopGracefully(worker, context);
      await worker.start();
    }
    return INSTANT;
  },
};

const poisoned: FaultKind = {
  name: 'request that kills its worker, every time',
  weight: 3,
  async begin({ load }) {
    const answered = load.sendKiller();
    return { holdMs: 0, end: () => answered };
  },
};

const FULL_DEVICE = '/dev/full';
/** Longer than the worker's DRAIN_TIMEOUT_MS. */
const END_LIMIT_MS = 40_000;
const READY_LIMIT_MS = 60_000;

/**
 * One worker process whose every write to standard output fails. It is stopped like any other; its
 * final report is lost.
 */
const standardOutputFull: FaultKind = {
  name: 'standard output on a full disk',
  weight: 2,
  short: 'never',
  async begin(context) {
    const { load, random } = context;
    const worker = anyWorker(context);
    await stopGracefully(worker, context);
    const port = await freePort();
    await worker.start({
      environment: { HTTP_PORT: String(port) },
      output: { path: FULL_DEVICE, ready: () => ready(port) },
    });
    load.allow(400);
    const end = async (): Promise<void> => {
      const stopping = worker.stop();
      const stopped = await within(END_LIMIT_MS, 'the end of a worker on a full disk', stopping).catch(() => undefined);
      if (stopped === undefined) worker.signal('SIGKILL');
      const { code } = await stopping;
      if (code !== 0) context.reportProblem(`a worker on a full disk exited with ${code} after SIGTERM`);
      await worker.start();
    };
    return { holdMs: random.between(1_000, 3_000), end };
  },
};

async function ready(port: number): Promise<void> {
  await waitFor('a worker that is ready', READY_LIMIT_MS, async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
    return answer?.ok === true ? true : undefined;
  });
}

export const workerFaults: readonly FaultKind[] = [killed, allKilled, frozen, rolling, poisoned, standardOutputFull];
