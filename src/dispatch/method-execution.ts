import type { Execution } from '../protocol/execution.ts';
import { fault } from '../protocol/fault.ts';
import type { Method, Work } from '../protocol/method.ts';
import { fail, type ResponseEnvelope } from '../protocol/response.ts';
import { BatchExecution, type ReportResult, type TryLimits } from './batch-execution.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import { deadlineHint } from '../pipeline/deadline.ts';
import type { DispatchEvents } from './events.ts';
import { Semaphore } from './semaphore.ts';

/** Requests of one method that run alone beside one another, at most: those of a batch that failed. */
const ALONE_AT_ONCE = 8;

/**
 * Runs the requests of one method until each has its execution; never rejects. What is past its deadline when it would be executed
 * is not; was it executed before, it is answered so, and else EXPIRED.
 */
export class MethodExecution<Command> {
  readonly #method: Method<Command>;
  readonly #limits: TryLimits;
  readonly #events: DispatchEvents;
  readonly #semaphore = new Semaphore(ALONE_AT_ONCE);
  readonly #breaker: CircuitBreaker | undefined;

  constructor(method: Method<Command>, limits: TryLimits, events: DispatchEvents) {
    this.#method = method;
    this.#limits = limits;
    this.#events = events;
    // What only reads loses nothing by being given up, and may be refused for what one caller asks for.
    if (method.findEarlierOutcomes === undefined) return;
    const braked = (error: Error | undefined): void => events.braked(method.name, error);
    this.#breaker = new CircuitBreaker({ braked, hold: (change) => events.failing(change) }, limits.now);
  }

  /**
   * `told` gets the execution of each item, by its place in the batch, as soon as there is one. Resolves when the batch needs no
   * slot any more, which may be before: items that are then tried alone must not hold up those of other batches.
   */
  async run(batch: readonly Work<Command>[], told: ReportResult, attemptsBefore = 0): Promise<void> {
    const now = this.#limits.now();
    const isLate = ({ deadline }: Work<Command>): boolean => deadline !== undefined && deadline < now;
    if (!batch.some(isLate)) return this.#run(this.#method, this.#breaker, batch, told, attemptsBefore);
    const places = new Map(batch.map((work, at) => [work, at]));
    const part = (own: readonly Work<Command>[]): [readonly Work<Command>[], ReportResult] => [
      own,
      (i, execution) => {
        const [work] = own.slice(i);
        if (work !== undefined) told(places.get(work) ?? i, execution);
      },
    ];
    const [late, inTime] = [batch.filter(isLate), batch.filter((work) => !isLate(work))];
    await Promise.all([
      this.#run(lookupOnly(this.#method, now), undefined, ...part(late), attemptsBefore),
      inTime.length === 0 ? undefined : this.#run(this.#method, this.#breaker, ...part(inTime), attemptsBefore),
    ]);
  }

  /** Runs one request in no batch; so many of its attempts are used up. */
  alone(work: Work<Command>, attemptsBefore: number): Promise<Execution> {
    return new Promise((resolve) => void this.run([work], (_, execution) => resolve(execution), attemptsBefore));
  }

  #run(
    method: Method<Command>,
    breaker: CircuitBreaker | undefined,
    batch: readonly Work<Command>[],
    told: ReportResult,
    attemptsBefore: number,
  ): Promise<void> {
    const terms = {
      method,
      breaker,
      limits: this.#limits,
      events: this.#events,
      semaphore: this.#semaphore,
      attemptsBefore,
    };
    return new BatchExecution(terms, batch, told).run();
  }
}

/** The method for those that were too late at `now`: it changes nothing, and answers what an earlier run has done. */
function lookupOnly<Command>(method: Method<Command>, now: number): Method<Command> {
  return {
    ...method,
    execute: async (batch) => {
      const earlier = method.findEarlierOutcomes === undefined ? [] : await method.findEarlierOutcomes(batch);
      return batch.map(({ deadline = 0 }, i) => earlier[i] ?? expired(deadline, now));
    },
  };
}

/** Tells the worker's time: where producer and worker disagree about the time, it shows by how much. */
function expired(deadline: number, now: number): ResponseEnvelope {
  const over = 'the deadline was over before the request was executed; nothing was changed';
  const clock = `the worker's clock says ${new Date(now).toISOString()}`;
  return fail(fault('EXPIRED', `${over}; ${clock}${deadlineHint(deadline)}`));
}
