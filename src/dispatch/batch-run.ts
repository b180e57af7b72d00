import type { Execution } from '../protocol/execution.ts';
import { fault } from '../protocol/fault.ts';
import type { Method, Work } from '../protocol/method.ts';
import { fail, type ResponseEnvelope } from '../protocol/response.ts';
import { Unavailable } from '../protocol/unavailable.ts';
import { deadlineHint } from './deadline.ts';
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
 * deadline when it would be executed is not; was it executed before, it is answered so, and else EXPIRED. What has come
 * over a channel that is gone is not run, nor run again: it is abandoned.
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
    new BatchRun(runMethod, works, limits, events, attemptsBefore).toTheEnd();
  if (late.length === 0) return run(method, batch);
  const inTime = batch.filter((work) => !late.includes(work));
  const [lateOnes, others] = await Promise.all([
    run(recalling(method, now), late),
    inTime.length === 0 ? [] : run(method, inTime),
  ]);
  return inOrder(batch, [...late, ...inTime], [...lateOnes, ...others]);
}

/** The executions of some items of a batch, at these items' places in it; the others are abandoned. */
function inOrder<Command>(
  batch: readonly Work<Command>[],
  some: readonly Work<Command>[],
  executions: readonly Execution[],
): readonly Execution[] {
  const results = new Map(some.map((work, i) => [work, executions[i]]));
  return batch.map((work) => results.get(work) ?? ABANDONED);
}

const ABANDONED: Execution = { kind: 'abandoned' };

function isGone({ channel }: Work<unknown>): boolean {
  return channel?.gone === true;
}

/**
 * One batch's tries. Once begun, a deadline is not looked at again: a first try whose outcome is unknown may still take
 * effect, so only running it to its end lets the answer tell the truth.
 */
class BatchRun<Command> {
  readonly #method: Method<Command>;
  readonly #batch: readonly Work<Command>[];
  readonly #limits: TryLimits;
  readonly #events: DispatchEvents;
  readonly #attemptsBefore: number;
  #attempts: number;
  #firstError: unknown;
  #waiting = false;

  constructor(
    method: Method<Command>,
    batch: readonly Work<Command>[],
    limits: TryLimits,
    events: DispatchEvents,
    attemptsBefore: number,
  ) {
    this.#method = method;
    this.#batch = batch;
    this.#limits = limits;
    this.#events = events;
    this.#attemptsBefore = attemptsBefore;
    this.#attempts = attemptsBefore + 1;
  }

  async toTheEnd(): Promise<readonly Execution[]> {
    const { abandoned, pause } = this.#limits.patience;
    try {
      for (let tries = 1; !abandoned(); tries += 1) {
        if (this.#batch.some(isGone)) return await this.#withoutGone();
        const executions = await this.#try();
        if (executions !== undefined) return executions;
        await pause(tries);
      }
      return this.#batch.map(() => ABANDONED);
    } finally {
      if (this.#waiting) this.#events.waiting(-1);
    }
  }

  /** `undefined` where it has to be tried again. */
  async #try(): Promise<readonly Execution[] | undefined> {
    const batch = this.#batch.length;
    try {
      const responses = await execute(this.#method, this.#batch);
      return responses.map((response) => ({ kind: 'done', response, attempts: this.#attempts, batch }));
    } catch (error) {
      if (error instanceof Unavailable) return this.#waitForStore(error);
      return batch > 1 ? this.#eachAlone(error) : this.#countAttempt(error);
    }
  }

  /**
   * Tried before or not: another worker may have its redelivery, and does not find the effect that comes later here. What
   * became of a try whose outcome is unknown is found out with that redelivery.
   */
  async #withoutGone(): Promise<readonly Execution[]> {
    const others = this.#batch.filter((work) => !isGone(work));
    if (others.length === 0) return inOrder(this.#batch, [], []);
    const run = new BatchRun(this.#method, others, this.#limits, this.#events, this.#attemptsBefore);
    return inOrder(this.#batch, others, await run.toTheEnd());
  }

  #waitForStore(error: Unavailable): undefined {
    this.#events.retry(this.#method.name, 'unavailable', error);
    if (!this.#waiting) this.#events.waiting(1);
    this.#waiting = true;
  }

  async #eachAlone(error: unknown): Promise<readonly Execution[]> {
    this.#events.retry(this.#method.name, 'isolated', error);
    const executions: Execution[] = [];
    for (const work of this.#batch) {
      const alone = new BatchRun(this.#method, [work], this.#limits, this.#events, this.#attemptsBefore);
      executions.push(...(await alone.toTheEnd()));
    }
    return executions;
  }

  #countAttempt(error: unknown): readonly Execution[] | undefined {
    this.#firstError ??= error;
    const attempts = this.#attempts;
    if (attempts >= this.#limits.maxAttempts) {
      return [{ kind: 'defect', first: this.#firstError, last: error, attempts, batch: 1 }];
    }
    this.#attempts += 1;
    this.#events.retry(this.#method.name, 'defect', error);
    return undefined;
  }
}

/** The method for those that were too late at `now`: it changes nothing, and answers what an earlier run has done. */
function recalling<Command>(method: Method<Command>, now: number): Method<Command> {
  return {
    ...method,
    execute: async (batch) => {
      const recalled = method.recall === undefined ? [] : await method.recall(batch);
      return batch.map(({ deadline = 0 }, i) => recalled[i] ?? expired(deadline, now));
    },
  };
}

/** Tells the worker's time: where producer and worker disagree about the time, it shows by how much. */
function expired(deadline: number, now: number): ResponseEnvelope {
  const over = 'the deadline was over before the request was executed; nothing was changed';
  const clock = `the worker's clock says ${new Date(now).toISOString()}`;
  return fail(fault('EXPIRED', `${over}; ${clock}${deadlineHint(deadline)}`));
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
