import type { Execution } from '../protocol/execution.ts';
import { fault } from '../protocol/fault.ts';
import type { Method, Work } from '../protocol/method.ts';
import { fail, type ResponseEnvelope } from '../protocol/response.ts';
import { Unavailable } from '../protocol/unavailable.ts';
import type { DispatchEvents } from './events.ts';
import type { Patience } from './patience.ts';

/** Limits of a batch's tries. */
export interface TryLimits {
  /** Failed attempts after which an error counts as a defect for good. */
  readonly maxAttempts: number;
  readonly patience: Patience;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * Runs a batch until each item has its execution; never rejects. While the store is away the same batch is run again,
 * with the same keys, without end and without counting. An error of a batch makes each item run alone, so that none
 * suffers from its neighbour; alone, a failing item has `maxAttempts` attempts, those before included. What is past its
 * deadline when it would be executed is not; was it executed before, it is answered so, and else EXPIRED.
 */
export async function runBatch<Command>(
  method: Method<Command>,
  batch: readonly Work<Command>[],
  limits: TryLimits,
  events: DispatchEvents,
  attemptsBefore = 0,
): Promise<readonly Execution[]> {
  const now = limits.now();
  const late = batch.filter(({ deadline }) => deadline !== undefined && deadline < now);
  const run = (runMethod: Method<Command>, works: readonly Work<Command>[]): Promise<readonly Execution[]> =>
    runToTheEnd(runMethod, works, limits, events, attemptsBefore);
  if (late.length === 0) return run(method, batch);
  const inTime = batch.filter((work) => !late.includes(work));
  const [lateOnes, others] = await Promise.all([
    run(recalling(method), late),
    inTime.length === 0 ? [] : run(method, inTime),
  ]);
  const results = new Map([...late, ...inTime].map((work, i) => [work, [...lateOnes, ...others][i]]));
  return batch.map((work) => results.get(work) ?? { kind: 'abandoned' });
}

/**
 * Once begun, a deadline is not looked at again: a first try whose outcome is unknown may still take effect, so only
 * running it to its end lets the answer tell the truth.
 */
async function runToTheEnd<Command>(
  method: Method<Command>,
  batch: readonly Work<Command>[],
  limits: TryLimits,
  events: DispatchEvents,
  attemptsBefore: number,
): Promise<readonly Execution[]> {
  let first: unknown;
  let attempts = attemptsBefore + 1;
  for (let tries = 1; !limits.patience.abandoned(); tries += 1) {
    try {
      const responses = await execute(method, batch);
      return responses.map((response) => ({ kind: 'done', response, attempts, batch: batch.length }));
    } catch (error) {
      if (error instanceof Unavailable) {
        events.retry(method.name, 'unavailable', error);
      } else if (batch.length > 1) {
        events.retry(method.name, 'isolated', error);
        return runAlone(method, batch, limits, events, attemptsBefore);
      } else {
        first ??= error;
        if (attempts >= limits.maxAttempts) return [{ kind: 'defect', first, last: error, attempts, batch: 1 }];
        attempts += 1;
        events.retry(method.name, 'defect', error);
      }
      await limits.patience.pause(tries);
    }
  }
  return batch.map(() => ({ kind: 'abandoned' }));
}

/** The method for those that are too late: it changes nothing, and answers what an earlier run has done. */
function recalling<Command>(method: Method<Command>): Method<Command> {
  return {
    ...method,
    execute: async (batch) => {
      const recalled = method.recall === undefined ? [] : await method.recall(batch);
      return batch.map((_, i) => recalled[i] ?? EXPIRED);
    },
  };
}

const EXPIRED = fail(fault('EXPIRED', 'the deadline was over before the request was executed; nothing was changed'));

async function runAlone<Command>(
  method: Method<Command>,
  batch: readonly Work<Command>[],
  limits: TryLimits,
  events: DispatchEvents,
  attemptsBefore: number,
): Promise<readonly Execution[]> {
  const executions: Execution[] = [];
  for (const work of batch) executions.push(...(await runToTheEnd(method, [work], limits, events, attemptsBefore)));
  return executions;
}

async function execute<Command>(
  method: Method<Command>,
  batch: readonly Work<Command>[],
): Promise<readonly ResponseEnvelope[]> {
  const responses = await method.execute(batch);
  if (responses.length !== batch.length) {
    throw new Error(`${method.name} gave ${responses.length} results for ${batch.length} requests`);
  }
  return responses;
}
