import { StoreDefectError, UnavailableError } from '../protocol/errors.ts';
import type { Execution } from '../protocol/execution.ts';
import type { Method, Work } from '../protocol/method.ts';
import type { ResponseEnvelope } from '../protocol/response.ts';
import type { BatchRun } from '../protocol/timeline.ts';
import type { RetryPolicy } from '../time/retry.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import type { DispatchEvents } from './events.ts';
import type { Semaphore } from './semaphore.ts';

/** How often and when attempts are made. */
export interface AttemptTerms {
  /** Failed attempts of a request after which it counts as a defect. */
  readonly maxAttempts: number;
  readonly retryPolicy: RetryPolicy;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Receives the result of the item at this place of its batch, once. */
export type ReportResult = (at: number, execution: Execution) => void;

/** What all executions of a method share, and the attempts that these items have already used. */
export interface ExecutionShared<Command> {
  readonly method: Method<Command>;
  readonly terms: AttemptTerms;
  readonly events: DispatchEvents;
  /** Limits the items that run alone after their batch failed. */
  readonly semaphore: Semaphore;
  /** `undefined` where nothing is written. */
  readonly breaker: CircuitBreaker | undefined;
  readonly attemptsBefore: number;
}

/**
 * Executes one batch to its end. While the store is unavailable it executes the same batch with the
 * same keys again, without limit and without counting attempts. If a batch fails each item runs
 * alone, so that none suffers from its neighbour. An item that fails alone has `maxAttempts`
 * attempts, earlier ones included, unless every item fails alike (circuit-breaker.ts). A deadline
 * is not checked again once the batch has begun: an attempt with unknown outcome may still take
 * effect, and only executing it to its end lets the answer report the truth. An item whose channel
 * has closed is abandoned.
 */
export class BatchExecution<Command> {
  readonly #shared: ExecutionShared<Command>;
  readonly #batch: readonly Work<Command>[];
  readonly #report: ReportResult;
  readonly #isolated: boolean;
  #attempts: number;
  #firstError: unknown;
  /** When the first attempt began; 0 before. */
  #begunAt: number;
  /** Waits for the store to return. */
  #waiting = false;
  /** Held by the breaker. */
  #held = false;
  /** The breaker's successes when the item failed first, and when its present attempt began. */
  #successesSeen: number | undefined;
  #successesBefore = 0;

  /**
   * `isolatedFrom`: set for one item of a batch that failed, with whether other items of it
   * succeeded, and when that batch began.
   */
  constructor(
    shared: ExecutionShared<Command>,
    batch: readonly Work<Command>[],
    report: ReportResult,
    isolatedFrom?: { readonly othersSucceeded: boolean; readonly begunAt: number },
  ) {
    this.#shared = shared;
    this.#batch = batch;
    this.#report = report;
    this.#isolated = isolatedFrom !== undefined;
    this.#begunAt = isolatedFrom?.begunAt ?? 0;
    // An item that the store accepted in the same call is a success that this item has seen.
    if (isolatedFrom?.othersSucceeded === true) this.#successesSeen = NO_SUCCESSES;
    this.#attempts = shared.attemptsBefore + 1;
  }

  /** Resolves when each result is reported, or its item runs alone. Never rejects. */
  async run(): Promise<void> {
    const { abandoned, pause } = this.#shared.terms.retryPolicy;
    try {
      for (let tries = 1; !abandoned(); tries += 1) {
        if (this.#batch.some(isChannelClosed)) return await this.#runOthers();
        if (await this.#attempt()) return;
        await pause(tries);
      }
      this.#batch.forEach((_, at) => this.#report(at, ABANDONED));
    } finally {
      if (this.#waiting) this.#shared.events.waiting(-1);
      this.#setHeld(false);
    }
  }

  /** Returns whether the batch needs no further attempt. */
  async #attempt(): Promise<boolean> {
    const { semaphore } = this.#shared;
    try {
      const results = await (this.#isolated ? semaphore.run(() => this.#execute()) : this.#execute());
      const othersSucceeded = this.#noteSuccess(results);
      const [first] = results;
      if (results.length === 1 && first instanceof StoreDefectError) return this.#failedAlone(first);
      const run = this.#endRun(results);
      results.forEach((result, at) => {
        if (result instanceof StoreDefectError) this.#isolate(at, othersSucceeded);
        else this.#report(at, executionOf(result, this.#attempts, results.length, run));
      });
      return true;
    } catch (error) {
      if (error instanceof UnavailableError) return this.#waitForStore(error);
      return this.#batch.length > 1 ? this.#isolateAll(error) : this.#failedAlone(error);
    }
  }

  /**
   * Executes the items whose channel is open. Another worker may have the redelivery of the others,
   * and would not find an effect that appears here later. The redelivery finds out what an attempt
   * with unknown outcome has done.
   */
  async #runOthers(): Promise<void> {
    const others: number[] = [];
    this.#batch.forEach((work, at) => (isChannelClosed(work) ? this.#report(at, ABANDONED) : others.push(at)));
    if (others.length === 0) return;
    const works = this.#batch.filter((_, at) => others.includes(at));
    await new BatchExecution(this.#shared, works, (i, execution) => this.#report(others[i] ?? i, execution)).run();
  }

  #execute(): ReturnType<typeof execute> {
    const { breaker, method } = this.#shared;
    if (this.#begunAt === 0) this.#begunAt = performance.now();
    this.#successesBefore = breaker?.successes ?? 0;
    return execute(method, this.#batch);
  }

  /** The stay at the store that ends with these results. */
  #endRun(results: readonly unknown[]): BatchRun {
    const size = results.reduce<number>((sum, result) => sum + (result instanceof StoreDefectError ? 0 : 1), 0);
    return { begunAt: this.#begunAt, endedAt: performance.now(), size };
  }

  /**
   * Returns whether any item had an effect. A repeat, or a missing contact, does not show that the
   * store accepts writes.
   */
  #noteSuccess(responses: readonly (ResponseEnvelope | Error)[]): boolean {
    const { breaker } = this.#shared;
    if (breaker === undefined || !responses.some(hadEffect)) return false;
    breaker.succeeded();
    return true;
  }

  #waitForStore(error: UnavailableError): false {
    const { events, method } = this.#shared;
    events.retry(method.name, 'unavailable', error);
    if (!this.#waiting) events.waiting(1);
    this.#waiting = true;
    return false;
  }

  #isolateAll(error: unknown): true {
    this.#shared.events.retry(this.#shared.method.name, 'isolated', error);
    this.#batch.forEach((_, at) => this.#isolate(at, false));
    return true;
  }

  #isolate(at: number, othersSucceeded: boolean): void {
    const report: ReportResult = (_, execution) => this.#report(at, execution);
    void new BatchExecution(this.#shared, this.#batch.slice(at, at + 1), report, {
      othersSucceeded,
      begunAt: this.#begunAt,
    }).run();
  }

  #failedAlone(error: unknown): boolean {
    const { events, terms, method } = this.#shared;
    const verdict = error instanceof StoreDefectError ? this.#verdictOn(error) : 'counts';
    this.#setHeld(verdict === 'waits');
    if (verdict === 'waits') {
      events.retry(method.name, 'held', error);
      return false;
    }
    this.#firstError ??= error;
    const attempts = this.#attempts;
    if (verdict === 'fails' || attempts >= terms.maxAttempts) {
      const run = this.#endRun([undefined]);
      this.#report(0, { kind: 'defect', first: this.#firstError, last: error, attempts, batch: 1, run });
      return true;
    }
    this.#attempts += 1;
    events.retry(method.name, 'defect', error);
    return false;
  }

  #verdictOn(error: StoreDefectError): ReturnType<CircuitBreaker['failed']> {
    const { breaker } = this.#shared;
    const [work] = this.#batch;
    if (breaker === undefined || work === undefined) return 'counts';
    this.#successesSeen ??= breaker.successes;
    return breaker.failed(error, work.key.id, this.#successesSeen, this.#successesBefore);
  }

  #setHeld(held: boolean): void {
    if (held === this.#held) return;
    this.#held = held;
    this.#shared.breaker?.waiting(held ? 1 : -1);
  }
}

const ABANDONED: Execution = { kind: 'abandoned' };

/** Less than any number of successes. */
const NO_SUCCESSES = -1;

function isChannelClosed({ channel }: Work<unknown>): boolean {
  return channel?.gone === true;
}

function executionOf(response: ResponseEnvelope | Error, attempts: number, batch: number, run: BatchRun): Execution {
  if (response instanceof Error) return { kind: 'defect', first: response, last: response, attempts, batch, run };
  return { kind: 'done', response, attempts, batch, run };
}

function hadEffect(response: ResponseEnvelope | Error): boolean {
  return !(response instanceof Error) && response.status === 'ok' && response.headers?.repeated !== true;
}

async function execute<Command>(
  method: Method<Command>,
  batch: readonly Work<Command>[],
): Promise<readonly (ResponseEnvelope | Error)[]> {
  const responses = await method.execute(batch);
  if (responses.length !== batch.length) {
    throw new Error(`${method.name} returned ${responses.length} results for ${batch.length} requests`);
  }
  return responses;
}
