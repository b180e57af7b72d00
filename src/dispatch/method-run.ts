import type { Execution } from '../protocol/execution.ts';
import { fault } from '../protocol/fault.ts';
import type { Method, Work } from '../protocol/method.ts';
import { fail, type ResponseEnvelope } from '../protocol/response.ts';
import { BatchRun, type Told, type TryLimits } from './batch-run.ts';
import { Brake } from './brake.ts';
import { deadlineHint } from './deadline.ts';
import type { DispatchEvents } from './events.ts';
import { Permits } from './permits.ts';

/** Requests of one method that run alone beside one another, at most: those of a batch that failed. */
const ALONE_AT_ONCE = 8;

/**
 * Runs the requests of one method until each has its execution; never rejects. What is past its deadline when it would be executed
 * is not; was it executed before, it is answered so, and else EXPIRED.
 */
export class MethodRun<Command> {
  readonly #method: Method<Command>;
  readonly #limits: TryLimits;
  readonly #events: DispatchEvents;
  readonly #permits = new Permits(ALONE_AT_ONCE);
  readonly #brake: Brake | undefined;

  constructor(method: Method<Command>, limits: TryLimits, events: DispatchEvents) {
    this.#method = method;
    this.#limits = limits;
    this.#events = events;
    // What only reads loses nothing by being given up, and may be refused for what one caller asks for.
    if (method.recall === undefined) return;
    const braked = (error: Error | undefined): void => events.braked(method.name, error);
    this.#brake = new Brake({ braked, hold: (change) => events.failing(change) }, limits.now);
  }

  /**
   * `told` gets the execution of each item, by its place in the batch, as soon as there is one. Resolves when the batch needs no
   * slot any more, which may be before: items that are then tried alone must not hold up those of other batches.
   */
  async run(batch: readonly Work<Command>[], told: Told, attemptsBefore = 0): Promise<void> {
    const now = this.#limits.now();
    const isLate = ({ deadline }: Work<Command>): boolean => deadline !== undefined && deadline < now;
    if (!batch.some(isLate)) return this.#run(this.#method, this.#brake, batch, told, attemptsBefore);
    const places = new Map(batch.map((work, at) => [work, at]));
    const part = (own: readonly Work<Command>[]): [readonly Work<Command>[], Told] => [
      own,
      (i, execution) => {
        const [work] = own.slice(i);
        if (work !== undefined) told(places.get(work) ?? i, execution);
      },
    ];
    const [late, inTime] = [batch.filter(isLate), batch.filter((work) => !isLate(work))];
    await Promise.all([
      this.#run(recalling(this.#method, now), undefined, ...part(late), attemptsBefore),
      inTime.length === 0 ? undefined : this.#run(this.#method, this.#brake, ...part(inTime), attemptsBefore),
    ]);
  }

  /** Runs one request in no batch; so many of its attempts are used up. */
  alone(work: Work<Command>, attemptsBefore: number): Promise<Execution> {
    return new Promise((resolve) => void this.run([work], (_, execution) => resolve(execution), attemptsBefore));
  }

  #run(
    method: Method<Command>,
    brake: Brake | undefined,
    batch: readonly Work<Command>[],
    told: Told,
    attemptsBefore: number,
  ): Promise<void> {
    const terms = { method, brake, limits: this.#limits, events: this.#events, permits: this.#permits, attemptsBefore };
    return new BatchRun(terms, batch, told).toTheEnd();
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
