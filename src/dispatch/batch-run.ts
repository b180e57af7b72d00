import type { Execution } from '../protocol/execution.ts';
import type { Method, Work } from '../protocol/method.ts';
import type { ResponseEnvelope } from '../protocol/response.ts';
import { Unavailable } from '../protocol/unavailable.ts';
import type { DispatchEvents } from './events.ts';

/** Limits of a batch's tries. */
export interface TryLimits {
  /** Failed attempts after which an error counts as a defect for good. */
  readonly maxAttempts: number;
  /** Waits before try `failures + 1`; resolves at once when the dispatcher is abandoned. */
  readonly pause: (failures: number) => Promise<void>;
  readonly abandoned: () => boolean;
}

/**
 * Runs a batch until each item has its execution; never rejects. While the store is away the same batch is run again,
 * with the same keys, without end and without counting. An error of a batch makes each item run alone, so that none
 * suffers from its neighbour; alone, a failing item has `maxAttempts` attempts.
 */
export async function runBatch<Command>(
  method: Method<Command>,
  batch: readonly Work<Command>[],
  limits: TryLimits,
  events: DispatchEvents,
): Promise<readonly Execution[]> {
  let first: unknown;
  let attempts = 1;
  for (let tries = 1; !limits.abandoned(); tries += 1) {
    try {
      const responses = await execute(method, batch);
      return responses.map((response) => ({ kind: 'done', response, attempts, batch: batch.length }));
    } catch (error) {
      if (error instanceof Unavailable) {
        events.retry(method.name, 'unavailable', error);
      } else if (batch.length > 1) {
        events.retry(method.name, 'isolated', error);
        return runAlone(method, batch, limits, events);
      } else {
        first ??= error;
        if (attempts >= limits.maxAttempts) return [{ kind: 'defect', first, last: error, attempts, batch: 1 }];
        attempts += 1;
        events.retry(method.name, 'defect', error);
      }
      await limits.pause(tries);
    }
  }
  return batch.map(() => ({ kind: 'abandoned' }));
}

async function runAlone<Command>(
  method: Method<Command>,
  batch: readonly Work<Command>[],
  limits: TryLimits,
  events: DispatchEvents,
): Promise<readonly Execution[]> {
  const executions: Execution[] = [];
  for (const work of batch) executions.push(...(await runBatch(method, [work], limits, events)));
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
