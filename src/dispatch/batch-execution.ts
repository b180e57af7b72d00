import type { Execution } from '../protocol/execution.ts';
import type { Method, Work } from '../protocol/method.ts';
import type { ResponseEnvelope } from '../protocol/response.ts';
import { StoreDefectError, UnavailableError } from '../protocol/errors.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import type { DispatchEvents } from './events.ts';
import type { RetryPolicy } from '../time/retry.ts';
import type { Semaphore } from './semaphore.ts';

/** Limits of a batch's tries. */
export interface TryLimits {
  /** Failed attempts after which an error counts as a defect for good. */
  readonly maxAttempts: number;
  readonly patience: RetryPolicy;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Gets the execution of the item at this place of its batch, once. */
export type ReportResult = (at: number, execution: Execution) => void;

/** What all runs of a method share, and how many attempts of this run's items are used up. */
export interface ExecutionShared<Command> {
  readonly method: Method<Command>;
  readonly limits: TryLimits;
  readonly events: DispatchEvents;
  /** For those that run alone as their batch failed. */
  readonly semaphore: Semaphore;
  /** None where nothing is written. */
  readonly breaker: CircuitBreaker | undefined;
  readonly attemptsBefore: number;
}

/**
 * One batch's tries. While the store is away the same batch is run again, with the same keys, without end and without counting.
 * An error of a batch makes each item run alone, so that none suffers from its neighbour; alone, a failing item has `maxAttempts`
 * attempts, those before included, unless every item fails so (breaker.ts). Once begun, a deadline is not looked at again: a first
 * try whose outcome is unknown may still take effect, so only running it to its end lets the answer tell the truth. What has come
 * over a channel that is gone is not run, nor run again: it is abandoned.
 */
export class BatchExecution<Command> {
  readonly #terms: ExecutionShared<Command>;
  readonly #batch: readonly Work<Command>[];
  readonly #told: ReportResult;
  readonly #ofBroken: boolean;
  #attempts: number;
  #firstError: unknown;
  /** Waits for the store to come back. */
  #waiting = false;
  /** Held by the breaker. */
  #held = false;
  /** The successes of others, when it failed first, and when its present attempt began. */
  #successesSeen: number | undefined;
  #successesBefore = 0;

  /** `ofBroken`: one item of a batch that failed, and whether others of it did not. */
  constructor(
    terms: ExecutionShared<Command>,
    batch: readonly Work<Command>[],
    told: ReportResult,
    ofBroken?: { readonly othersSucceeded: boolean },
  ) {
    this.#terms = terms;
    this.#batch = batch;
    this.#told = told;
    this.#ofBroken = ofBroken !== undefined;
    // What the store took in the very same call is a success that this one has seen.
    if (ofBroken?.othersSucceeded === true) this.#successesSeen = NONE;
    this.#attempts = terms.attemptsBefore + 1;
  }

  /** Resolves when each item was told, or is on its own. Never rejects. */
  async run(): Promise<void> {
    const { abandoned, pause } = this.#terms.limits.patience;
    try {
      for (let tries = 1; !abandoned(); tries += 1) {
        if (this.#batch.some(isGone)) return await this.#withoutGone();
        if (await this.#try()) return;
        await pause(tries);
      }
      this.#batch.forEach((_, at) => this.#told(at, ABANDONED));
    } finally {
      if (this.#waiting) this.#terms.events.waiting(-1);
      this.#hold(false);
    }
  }

  /** Whether there is nothing more to be tried. */
  async #try(): Promise<boolean> {
    const { semaphore } = this.#terms;
    try {
      const results = await (this.#ofBroken ? semaphore.run(() => this.#execute()) : this.#execute());
      const othersSucceeded = this.#succeeded(results);
      const [first] = results;
      if (results.length === 1 && first instanceof StoreDefectError) return this.#failedAlone(first);
      results.forEach((result, at) => {
        if (result instanceof StoreDefectError) this.#alone(at, othersSucceeded);
        else this.#told(at, executionOf(result, this.#attempts, results.length));
      });
      return true;
    } catch (error) {
      if (error instanceof UnavailableError) return this.#waitForStore(error);
      return this.#batch.length > 1 ? this.#eachAlone(error) : this.#failedAlone(error);
    }
  }

  /**
   * Tried before or not: another worker may have its redelivery, and does not find the effect that comes later here. What
   * became of a try whose outcome is unknown is found out with that redelivery.
   */
  async #withoutGone(): Promise<void> {
    const others: number[] = [];
    this.#batch.forEach((work, at) => (isGone(work) ? this.#told(at, ABANDONED) : others.push(at)));
    if (others.length === 0) return;
    const works = this.#batch.filter((_, at) => others.includes(at));
    await new BatchExecution(this.#terms, works, (i, execution) => this.#told(others[i] ?? i, execution)).run();
  }

  #execute(): ReturnType<typeof execute> {
    const { breaker, method } = this.#terms;
    this.#successesBefore = breaker?.successes ?? 0;
    return execute(method, this.#batch);
  }

  /** A repeat, or a contact that is not there, does not show that anything can be written. */
  #succeeded(responses: readonly (ResponseEnvelope | Error)[]): boolean {
    const { breaker } = this.#terms;
    if (breaker === undefined || !responses.some(hadEffect)) return false;
    breaker.succeeded();
    return true;
  }

  #waitForStore(error: UnavailableError): false {
    const { events, method } = this.#terms;
    events.retry(method.name, 'unavailable', error);
    if (!this.#waiting) events.waiting(1);
    this.#waiting = true;
    return false;
  }

  #eachAlone(error: unknown): true {
    this.#terms.events.retry(this.#terms.method.name, 'isolated', error);
    this.#batch.forEach((_, at) => this.#alone(at, false));
    return true;
  }

  #alone(at: number, othersSucceeded: boolean): void {
    const told: ReportResult = (_, execution) => this.#told(at, execution);
    void new BatchExecution(this.#terms, this.#batch.slice(at, at + 1), told, { othersSucceeded }).run();
  }

  #failedAlone(error: unknown): boolean {
    const { events, limits, method } = this.#terms;
    const verdict = error instanceof StoreDefectError ? this.#judged(error) : 'counts';
    this.#hold(verdict === 'waits');
    if (verdict === 'waits') {
      events.retry(method.name, 'held', error);
      return false;
    }
    this.#firstError ??= error;
    const attempts = this.#attempts;
    if (verdict === 'fails' || attempts >= limits.maxAttempts) {
      this.#told(0, { kind: 'defect', first: this.#firstError, last: error, attempts, batch: 1 });
      return true;
    }
    this.#attempts += 1;
    events.retry(method.name, 'defect', error);
    return false;
  }

  #judged(error: StoreDefectError): ReturnType<CircuitBreaker['failed']> {
    const { breaker } = this.#terms;
    const [work] = this.#batch;
    if (breaker === undefined || work === undefined) return 'counts';
    this.#successesSeen ??= breaker.successes;
    return breaker.failed(error, work.key.id, this.#successesSeen, this.#successesBefore);
  }

  #hold(held: boolean): void {
    if (held === this.#held) return;
    this.#held = held;
    this.#terms.breaker?.waiting(held ? 1 : -1);
  }
}

const ABANDONED: Execution = { kind: 'abandoned' };

function isGone({ channel }: Work<unknown>): boolean {
  return channel?.gone === true;
}

/** Fewer than any number of successes. */
const NONE = -1;

function executionOf(response: ResponseEnvelope | Error, attempts: number, batch: number): Execution {
  if (response instanceof Error) return { kind: 'defect', first: response, last: response, attempts, batch };
  return { kind: 'done', response, attempts, batch };
}

function hadEffect(response: ResponseEnvelope | Error): boolean {
  return !(response instanceof Error) && response.status === 'ok' && response.headers?.['repeated'] !== true;
}

async function execute<Command>(
  method: Method<Command>,
  batch: readonly Work<Command>[],
): Promise<readonly (ResponseEnvelope | Error)[]> {
  const responses = await method.execute(batch);
  if (responses.length !== batch.length) {
    throw new Error(`${method.name} gave ${responses.length} results for ${batch.length} requests`);
  }
  return responses;
}
