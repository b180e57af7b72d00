import { randomBytes } from 'node:crypto';

import type { AttemptLedger, EarlierAttempts, RecordedFailure } from '../protocol/attempt-ledger.ts';
import type { DeliveryChannel } from '../protocol/delivery.ts';
import type { Performed } from '../protocol/execution.ts';
import { SerialQueue } from './serial-queue.ts';
import { RetryingLedger, type LedgerTerms } from './retrying-ledger.ts';
import { RecentSet } from './recent-set.ts';

/** The process was gone, each time, before it had executed the request. */
export class ProcessEndedError extends Error {
  override readonly name = 'ProcessEndedError';

  constructor() {
    super('the worker ended while it executed this request, each time');
  }
}

/** A failure that was recorded when the request was delivered before. */
export class FailedBeforeError extends Error {
  override readonly name = 'FailedBeforeError';
}

/** Where and how often a request may be started. */
export interface AttemptLimits extends LedgerTerms {
  /** Starts on record that may end the process. */
  readonly maxAttempts: number;
  /** What may be kept of an error. */
  readonly describe: (error: unknown) => string;
}

/** A request as it comes in. */
export interface Start {
  /** Equal for all deliveries of one message. */
  readonly attemptId: string;
  readonly redelivered: boolean;
  readonly channel: DeliveryChannel;
}

/** Executes a request and does not reject; it is told how many attempts there were before, `undefined` where it need not run run. */
export type Run = (attemptsBefore: number | undefined) => Promise<Performed>;

/**
 * Counts the attempts of requests that were handed out before. Such a request may have ended its process: its start is
 * recorded, then it runs with nothing beside it. What merely waits has not started and is not counted, and nothing is
 * started whose channel is gone: the broker has handed it out again.
 */
export class Attempts {
  readonly #ledger: RetryingLedger;
  readonly #limits: AttemptLimits;
  readonly #serial = new SerialQueue();
  /** Requests that run beside each other now. */
  #running = 0;
  #noneRuns: (() => void) | undefined;
  /** The start on record that is under way; there is no second one. */
  #begun: { readonly id: string; readonly start: string } | undefined;
  /** Requests that this process has executed and lived: after a lost connection they need no caution. */
  readonly #survived = new RecentSet(MAX_SURVIVED);
  readonly #forgetting = new Set<Promise<void>>();

  constructor(ledger: AttemptLedger, limits: AttemptLimits) {
    this.#ledger = new RetryingLedger(ledger, limits);
    this.#limits = limits;
  }

  /** Runs a request, after what was handed out before it. Never rejects. */
  run(start: Start, run: Run): Promise<Performed> {
    if (start.redelivered && !this.#survived.has(start.attemptId)) return this.#afterAllBefore(start, run);
    const idle = this.#serial.idle();
    return idle === undefined ? this.#beside(start, run) : this.#inTurn(idle, start, run);
  }

  /**
   * For the end of a worker that gives up what it has: the start under way is none that ended its process. Resolves when
   * the ledger knows all that it was to be told, or could not be asked.
   */
  async release(): Promise<void> {
    const begun = this.#begun;
    if (begun !== undefined) this.#forget(begun.id, [begun.start]);
    await Promise.all(this.#forgetting);
  }

  async #inTurn(idle: Promise<unknown>, start: Start, run: Run): Promise<Performed> {
    await idle;
    return start.channel.gone ? ABANDONED : this.#beside(start, run);
  }

  async #beside(start: Start, run: Run): Promise<Performed> {
    this.#running += 1;
    try {
      const performed = await run(undefined);
      const { kind } = performed.execution;
      if (kind === 'done') this.#survived.add(start.attemptId);
      // Awaited here: its redelivery, which waits for what runs, then finds the failure.
      return kind === 'defect' ? await this.#failed(start, performed) : performed;
    } finally {
      this.#running -= 1;
      if (this.#running === 0) this.#noneRuns?.();
    }
  }

  /** It takes its place at once. Its first delivery, over a channel that is gone, may still be under way here: it ends first. */
  async #afterAllBefore(start: Start, run: Run): Promise<Performed> {
    const { performed } = await this.#serial.run(async () => {
      if (!this.#survived.has(start.attemptId)) await this.#quiet();
      if (this.#givenUp(start)) return { performed: ABANDONED };
      // Not awaited: what needs no caution runs beside what comes next.
      if (this.#survived.has(start.attemptId)) return { performed: this.#beside(start, run) };
      return { performed: await this.#recorded(start, run) };
    });
    return performed;
  }

  /** Resolves when nothing runs. Whatever runs came before the caller, whom all that came later waits for. */
  async #quiet(): Promise<void> {
    if (this.#running === 0) return;
    await new Promise<void>((resolve) => (this.#noneRuns = resolve));
    this.#noneRuns = undefined;
  }

  async #recorded(start: Start, run: Run): Promise<Performed> {
    const { attemptId: id } = start;
    const own = newStart();
    this.#begun = { id, start: own };
    try {
      const earlier = await this.#begin(start, own);
      // Where the answer is missing the start may be on record all the same.
      if (earlier === undefined || this.#givenUp(start)) return await this.#takenBack(id, own);
      if (earlier.failure !== undefined) return this.#known(id, own, earlier, failedBefore(earlier.failure));
      if (earlier.unended >= this.#limits.maxAttempts) {
        return this.#known(id, own, earlier, processEnded(earlier.unended));
      }
      const performed = await run(earlier.unended);
      const { kind } = performed.execution;
      if (kind === 'abandoned') return await this.#takenBack(id, own);
      if (kind === 'defect') return await this.#failed(start, performed, { own, earlier });
      this.#survived.add(id);
      // It has shown that none of the starts before ended its process by its doing.
      await this.#ledger.end(id, [own, ...earlier.starts]);
      return performed;
    } finally {
      this.#begun = undefined;
    }
  }

  /**
   * Where the starts on record would be too many it looks again for a time: a worker that has lost its connection, not its
   * life, may be at one of them, and end it.
   */
  async #begin(start: Start, own: string): Promise<EarlierAttempts | undefined> {
    const { maxAttempts, patience } = this.#limits;
    const givenUp = (): boolean => this.#givenUp(start);
    for (let looks = 1; !givenUp(); looks += 1) {
      const earlier = await this.#ledger.begin(start.attemptId, own, maxAttempts, givenUp);
      if (earlier === undefined || earlier.failure !== undefined) return earlier;
      if (earlier.unended < maxAttempts || looks >= MAX_LOOKS) return earlier;
      await patience.pause(looks);
    }
    return undefined;
  }

  async #takenBack(id: string, own: string): Promise<Performed> {
    await this.#ledger.end(id, [own]);
    return ABANDONED;
  }

  /**
   * Recorded before it is answered, so that another delivery of the message gets the same answer, and forgotten when the
   * message is gone: what its producer sends once more is another one.
   */
  async #failed(
    start: Start,
    performed: Performed,
    recorded?: { readonly own: string; readonly earlier: EarlierAttempts },
  ): Promise<Performed> {
    const { method, execution } = performed;
    if (execution.kind !== 'defect') return performed;
    const { attemptId: id } = start;
    this.#survived.delete(id);
    const { describe, maxAttempts } = this.#limits;
    const givenUp = (): boolean => this.#givenUp(start);
    const own = recorded?.own ?? newStart();
    const earlier = recorded?.earlier ?? (await this.#ledger.begin(id, own, maxAttempts, givenUp));
    const { attempts, first, last } = execution;
    const failure = { method, attempts, firstError: describe(first), lastError: describe(last) };
    if (earlier === undefined || !(await this.#ledger.fail(id, own, failure, givenUp))) {
      return this.#takenBack(id, own);
    }
    return this.#known(id, own, earlier, performed);
  }

  /** What is known of a message is forgotten with it. */
  #known(id: string, own: string, { starts }: EarlierAttempts, performed: Performed): Performed {
    return { ...performed, acknowledged: () => this.#forget(id, [own, ...starts]) };
  }

  #givenUp({ channel }: Start): boolean {
    return channel.gone || this.#limits.patience.abandoned();
  }

  #forget(id: string, starts: readonly string[]): void {
    const forgotten = this.#ledger.end(id, starts);
    this.#forgetting.add(forgotten);
    void forgotten.then(() => this.#forgetting.delete(forgotten));
  }
}

/** More than twice the largest PREFETCH. */
const MAX_SURVIVED = 4_096;

/** With their pauses, three to six seconds. */
const MAX_LOOKS = 6;

const UNKNOWN = 'request';

const ABANDONED: Performed = { method: UNKNOWN, execution: { kind: 'abandoned' } };

/** Never given out before, by whatever process. */
function newStart(): string {
  return randomBytes(9).toString('base64url');
}

function processEnded(attempts: number): Performed {
  const error = new ProcessEndedError();
  return { method: UNKNOWN, execution: { kind: 'defect', first: error, last: error, attempts, batch: 1 } };
}

function failedBefore({ method, attempts, firstError, lastError }: RecordedFailure): Performed {
  const [first, last] = [new FailedBeforeError(firstError), new FailedBeforeError(lastError)];
  return { method, execution: { kind: 'defect', first, last, attempts, batch: 1 } };
}
