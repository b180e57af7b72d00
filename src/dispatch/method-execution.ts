import type { Execution } from '../protocol/execution.ts';
import type { Method, Work } from '../protocol/method.ts';
import { BatchExecution, type AttemptTerms, type ReportResult } from './batch-execution.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import type { DispatchEvents } from './events.ts';
import { isExpired, lookupOnly } from './expiry.ts';
import { Semaphore } from './semaphore.ts';

/** Requests of one method that run alone at the same time, after their batch failed. */
const MAX_ISOLATED = 8;

/**
 * Executes the requests of one method until each has a result; never rejects. A request past its
 * deadline is not executed: if an earlier copy was, it gets that answer, else EXPIRED.
 */
export class MethodExecution<Command> {
  readonly #method: Method<Command>;
  readonly #terms: AttemptTerms;
  readonly #events: DispatchEvents;
  readonly #semaphore = new Semaphore(MAX_ISOLATED);
  readonly #breaker: CircuitBreaker | undefined;

  constructor(method: Method<Command>, terms: AttemptTerms, events: DispatchEvents) {
    this.#method = method;
    this.#terms = terms;
    this.#events = events;
    // A method that only reads loses nothing when a request fails, and may fail for what one caller
    // asks for.
    if (method.findEarlierOutcomes === undefined) return;
    const changed = (error: Error | undefined): void => events.circuit(method.name, error);
    this.#breaker = new CircuitBreaker({ changed, pause: (change) => events.failing(change) }, terms.now);
  }

  /**
   * `report` receives the result of each item, by its place in the batch, as soon as there is one.
   * Resolves when the batch no longer needs its slot, which may be earlier: items that then run
   * alone must not block other batches.
   */
  async run(batch: readonly Work<Command>[], report: ReportResult, attemptsBefore = 0): Promise<void> {
    const now = this.#terms.now();
    const late = (work: Work<Command>): boolean => isExpired(work, now);
    if (!batch.some(late)) return this.#run(this.#method, this.#breaker, batch, report, attemptsBefore);
    const places = new Map(batch.map((work, at) => [work, at]));
    const part = (own: readonly Work<Command>[]): [readonly Work<Command>[], ReportResult] => [
      own,
      (i, execution) => {
        const [work] = own.slice(i);
        if (work !== undefined) report(places.get(work) ?? i, execution);
      },
    ];
    const [expired, inTime] = [batch.filter(late), batch.filter((work) => !late(work))];
    await Promise.all([
      this.#run(lookupOnly(this.#method, now), undefined, ...part(expired), attemptsBefore),
      inTime.length === 0 ? undefined : this.#run(this.#method, this.#breaker, ...part(inTime), attemptsBefore),
    ]);
  }

  /** Executes one request unbatched. `attemptsBefore`: attempts it has already used. */
  runAlone(work: Work<Command>, attemptsBefore: number): Promise<Execution> {
    return new Promise((resolve) => void this.run([work], (_, execution) => resolve(execution), attemptsBefore));
  }

  #run(
    method: Method<Command>,
    breaker: CircuitBreaker | undefined,
    batch: readonly Work<Command>[],
    report: ReportResult,
    attemptsBefore: number,
  ): Promise<void> {
    const shared = { method, breaker, terms: this.#terms, events: this.#events, semaphore: this.#semaphore };
    return new BatchExecution({ ...shared, attemptsBefore }, batch, report).run();
  }
}
