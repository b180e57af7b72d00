import type { AttemptLedger, RecordedFailure } from '../protocol/attempt-ledger.ts';
import type { Performed } from '../protocol/execution.ts';
import { Unavailable } from '../protocol/unavailable.ts';
import { Caution } from './caution.ts';
import type { Patience } from './patience.ts';
import { RecentSet } from './recent-set.ts';

/** The process was gone, each time, before it had executed the request. */
export class ProcessEnded extends Error {
  override readonly name = 'ProcessEnded';

  constructor() {
    super('the worker ended while it executed this request, each time');
  }
}

/** A failure that was recorded when the request was delivered before. */
export class FailedBefore extends Error {
  override readonly name = 'FailedBefore';
}

/** Where and how often a request may be started. */
export interface AttemptLimits {
  readonly maxAttempts: number;
  readonly patience: Patience;
  /** The ledger failed and is asked again. */
  readonly retry: (error: unknown) => void;
  /** What may be kept of an error. */
  readonly describe: (error: unknown) => string;
}

/** A request as it comes in. */
export interface Start {
  /** Equal for all deliveries of one message. */
  readonly attemptId: string;
  readonly redelivered: boolean;
}

/**
 * Counts the attempts of requests that were handed out before. Such a request may have ended its process: its start is
 * recorded, then it runs alone. One that was merely prefetched beside it has not started and is not counted.
 */
export class Attempts {
  readonly #ledger: AttemptLedger;
  readonly #limits: AttemptLimits;
  readonly #caution = new Caution();
  /** Requests under way in this process, in batches. */
  readonly #running = new Map<string, Promise<unknown>>();
  /** Requests that this process has executed and lived: after a lost connection they need no caution. */
  readonly #survived = new RecentSet(MOST_SURVIVED);

  constructor(ledger: AttemptLedger, limits: AttemptLimits) {
    this.#ledger = ledger;
    this.#limits = limits;
  }

  /**
   * Runs a request, after what was handed out before it. `run` must not reject; it is told how many attempts there were
   * before, `undefined` where it need not run alone. Never rejects.
   */
  async make(start: Start, run: (attemptsBefore: number | undefined) => Promise<Performed>): Promise<Performed> {
    const id = start.attemptId;
    if (start.redelivered) {
      // Its first delivery, over a channel that is gone, may still be under way here; its effect is then found.
      const underWay = this.#running.get(id);
      if (underWay !== undefined) await underWay;
      if (!this.#survived.has(id)) return this.#caution.alone(() => this.#cautiously(id, run));
    }
    const passed = this.#caution.passed();
    if (passed !== undefined) await passed;
    const running = run(undefined);
    this.#running.set(id, running);
    const performed = await running;
    if (this.#running.get(id) === running) this.#running.delete(id);
    return this.#ended(id, performed);
  }

  async #cautiously(id: string, run: (attemptsBefore: number) => Promise<Performed>): Promise<Performed> {
    const earlier = await this.#ask(() => this.#ledger.begin(id), { unended: 0 });
    if (earlier === undefined) return { method: UNKNOWN, execution: { kind: 'abandoned' } };
    if (earlier.failure !== undefined) return failedBefore(earlier.failure);
    // Its first start, as a fresh delivery, was not recorded.
    const attempts = earlier.unended + 1;
    if (attempts >= this.#limits.maxAttempts) return this.#ended(id, processEnded(attempts));
    const performed = await run(attempts);
    if (performed.execution.kind === 'done') await this.#ask(() => this.#ledger.end(id), undefined);
    return this.#ended(id, performed);
  }

  #ended(id: string, performed: Performed): Performed | Promise<Performed> {
    if (performed.execution.kind === 'defect') return this.#recorded(id, performed);
    if (performed.execution.kind === 'done') this.#survived.add(id);
    return performed;
  }

  /** Recorded before it is answered, so that another delivery gets the same answer. */
  async #recorded(id: string, performed: Performed): Promise<Performed> {
    const { method, execution } = performed;
    if (execution.kind !== 'defect') return performed;
    const { describe } = this.#limits;
    const { attempts, first, last } = execution;
    const failure = { method, attempts, firstError: describe(first), lastError: describe(last) };
    const told = await this.#ask(() => this.#ledger.fail(id, failure).then(() => true), true);
    return told === undefined ? { method, execution: { kind: 'abandoned' } } : performed;
  }

  /**
   * Asks again while the store is away; `undefined` where the worker gave up meanwhile. A ledger that is broken must not
   * hold requests for ever: then `otherwise` counts as its answer.
   */
  async #ask<T>(ask: () => Promise<T>, otherwise: T): Promise<T | undefined> {
    const { abandoned, pause } = this.#limits.patience;
    for (let failures = 1; !abandoned(); failures += 1) {
      try {
        return await ask();
      } catch (error) {
        this.#limits.retry(error);
        if (!(error instanceof Unavailable)) return otherwise;
        await pause(failures);
      }
    }
    return undefined;
  }
}

/** More than twice the largest PREFETCH. */
const MOST_SURVIVED = 4_096;

const UNKNOWN = 'request';

function processEnded(attempts: number): Performed {
  const error = new ProcessEnded();
  return { method: UNKNOWN, execution: { kind: 'defect', first: error, last: error, attempts, batch: 1 } };
}

function failedBefore({ method, attempts, firstError, lastError }: RecordedFailure): Performed {
  const [first, last] = [new FailedBefore(firstError), new FailedBefore(lastError)];
  return { method, execution: { kind: 'defect', first, last, attempts, batch: 1 } };
}
