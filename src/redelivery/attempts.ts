import { randomBytes } from 'node:crypto';

import type { AttemptLedger, EarlierAttempts, RecordedFailure } from '../protocol/attempt-ledger.ts';
import { NO_METHOD } from '../protocol/catalogue.ts';
import type { Admission, Executed, Start } from '../protocol/execution.ts';
import { RecentSet } from './recent-set.ts';
import { RetryingLedger, type LedgerTerms } from './retrying-ledger.ts';
import { SerialQueue } from './serial-queue.ts';

/** Each time the process ended before it had executed the request. */
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

/** How often a request may be started, and what is recorded of it. */
export interface AttemptLimits extends LedgerTerms {
  /** Recorded starts that may end the process. */
  readonly maxAttempts: number;
  /** What the ledger may keep of an error. */
  readonly describe: (error: unknown) => string;
}

/**
 * Admits requests to their execution, and counts the attempts of redelivered ones. A redelivered
 * request may have ended its process: its start is recorded, then it runs with nothing beside it. A
 * request that merely waited was not started and is not counted. Nothing starts whose channel has
 * closed: the broker delivers it again.
 */
export class Attempts {
  readonly #ledger: RetryingLedger;
  readonly #limits: AttemptLimits;
  /** The redelivered requests. Those that arrive later wait for them. */
  readonly #serial = new SerialQueue();
  /** Requests that run beside each other now. */
  #running = 0;
  #onIdle: (() => void) | undefined;
  /** The recorded start in progress; there is at most one. */
  #begun: { readonly id: string; readonly start: string } | undefined;
  /**
   * Requests that this process executed and survived: after a lost connection they need not run
   * alone.
   */
  readonly #survived = new RecentSet(MAX_SURVIVED);
  readonly #forgetting = new Set<Promise<void>>();

  constructor(ledger: AttemptLedger, limits: AttemptLimits) {
    this.#ledger = new RetryingLedger(ledger, limits);
    this.#limits = limits;
  }

  /**
   * Resolves when it is the request's turn, behind all redelivered requests that arrived before it.
   * Resolves with the result where it is known already: the request failed before, ended its
   * processes, or is abandoned. Never rejects.
   */
  async admit(start: Start): Promise<Admission | Executed> {
    if (start.redelivered && !this.#survived.has(start.attemptId)) return this.#admitRedelivered(start);
    const idle = this.#serial.idle();
    if (idle === undefined) return this.#beside(start);
    await idle;
    return start.channel.gone ? ABANDONED : this.#beside(start);
  }

  /**
   * For a worker that abandons its requests: the start in progress did not end its process.
   * Resolves when the ledger has recorded everything, or could not be reached.
   */
  async release(): Promise<void> {
    const begun = this.#begun;
    if (begun !== undefined) this.#forget(begun.id, [begun.start]);
    await Promise.all(this.#forgetting);
  }

  /** The request runs beside others. */
  #beside(start: Start): Admission {
    this.#running += 1;
    return { attemptsBefore: undefined, conclude: (executed) => this.#concludeBeside(start, executed) };
  }

  async #concludeBeside(start: Start, executed: Executed): Promise<Executed> {
    try {
      const { kind } = executed.execution;
      if (kind === 'done') this.#survived.add(start.attemptId);
      // Awaited before the request counts as ended: its redelivery, which waits for that, then
      // finds the failure.
      return kind === 'defect' ? await this.#failed(start, executed) : executed;
    } finally {
      this.#running -= 1;
      if (this.#running === 0) this.#onIdle?.();
    }
  }

  async #admitRedelivered(start: Start): Promise<Admission | Executed> {
    const leave = await this.#serial.enter();
    // An earlier delivery, over a channel that has closed, may still run here: it ends first.
    if (!this.#survived.has(start.attemptId)) await this.#quiet();
    if (this.#isCancelled(start)) {
      leave();
      return ABANDONED;
    }
    if (this.#survived.has(start.attemptId)) {
      // Requests behind this one start after it has reached the dispatcher, which the pipeline does
      // before the next turn of the event loop.
      setImmediate(leave);
      return this.#beside(start);
    }
    return this.#admitAlone(start, leave);
  }

  /**
   * Resolves when nothing runs. Everything that runs arrived before the caller; everything later
   * waits for the caller.
   */
  async #quiet(): Promise<void> {
    if (this.#running === 0) return;
    await new Promise<void>((resolve) => (this.#onIdle = resolve));
    this.#onIdle = undefined;
  }

  /** The request runs with nothing beside it, and its start is on record. `leave` ends its turn. */
  async #admitAlone(start: Start, leave: () => void): Promise<Admission | Executed> {
    const { attemptId: id } = start;
    const own = newStart();
    this.#begun = { id, start: own };
    const end = (executed: Executed): Executed => {
      this.#begun = undefined;
      leave();
      return executed;
    };
    const earlier = await this.#begin(start, own);
    // Where the response is missing the start may be on record all the same.
    if (earlier === undefined || this.#isCancelled(start)) return end(await this.#withdraw(id, own));
    const { failure, unended } = earlier;
    if (failure !== undefined) return end(this.#final(id, own, earlier, failedBefore(failure)));
    if (unended >= this.#limits.maxAttempts) return end(this.#final(id, own, earlier, processEnded(unended)));
    return {
      attemptsBefore: unended,
      conclude: async (executed) => end(await this.#concludeAlone(start, own, earlier, executed)),
    };
  }

  async #concludeAlone(start: Start, own: string, earlier: EarlierAttempts, executed: Executed): Promise<Executed> {
    const { attemptId: id } = start;
    const { kind } = executed.execution;
    if (kind === 'abandoned') return this.#withdraw(id, own);
    if (kind === 'defect') return this.#failed(start, executed, { own, earlier });
    this.#survived.add(id);
    // The request has shown that it ended none of the processes of the earlier starts.
    await this.#ledger.end(id, [own, ...earlier.starts]);
    return executed;
  }

  /**
   * Looks again for some time where the recorded starts would be too many: a worker that lost its
   * connection, not its process, may be executing one of them, and end it.
   */
  async #begin(start: Start, own: string): Promise<EarlierAttempts | undefined> {
    const { maxAttempts, retryPolicy } = this.#limits;
    const cancelled = (): boolean => this.#isCancelled(start);
    for (let looks = 1; !cancelled(); looks += 1) {
      const earlier = await this.#ledger.begin(start.attemptId, own, maxAttempts, cancelled);
      if (earlier === undefined || earlier.failure !== undefined) return earlier;
      if (earlier.unended < maxAttempts || looks >= MAX_LOOKS) return earlier;
      await retryPolicy.pause(looks);
    }
    return undefined;
  }

  async #withdraw(id: string, own: string): Promise<Executed> {
    await this.#ledger.end(id, [own]);
    return ABANDONED;
  }

  /**
   * Recorded before it is answered, so that another delivery of the message gets the same answer.
   * Forgotten once the message is acknowledged: what its producer sends again is another message.
   */
  async #failed(
    start: Start,
    executed: Executed,
    recorded?: { readonly own: string; readonly earlier: EarlierAttempts },
  ): Promise<Executed> {
    const { method, execution } = executed;
    if (execution.kind !== 'defect') return executed;
    const { attemptId: id } = start;
    this.#survived.delete(id);
    const { describe, maxAttempts } = this.#limits;
    const cancelled = (): boolean => this.#isCancelled(start);
    const own = recorded?.own ?? newStart();
    const earlier = recorded?.earlier ?? (await this.#ledger.begin(id, own, maxAttempts, cancelled));
    const { attempts, first, last } = execution;
    const failure = { method, attempts, firstError: describe(first), lastError: describe(last) };
    if (earlier === undefined || !(await this.#ledger.fail(id, own, failure, cancelled))) {
      return this.#withdraw(id, own);
    }
    return this.#final(id, own, earlier, executed);
  }

  /** Everything on record about a message is forgotten with it. */
  #final(id: string, own: string, { starts }: EarlierAttempts, executed: Executed): Executed {
    return { ...executed, acknowledged: () => this.#forget(id, [own, ...starts]) };
  }

  #isCancelled({ channel }: Start): boolean {
    return channel.gone || this.#limits.retryPolicy.abandoned();
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

const ABANDONED: Executed = { method: NO_METHOD, execution: { kind: 'abandoned' } };

/** A name that no process has used before. */
function newStart(): string {
  return randomBytes(9).toString('base64url');
}

function processEnded(attempts: number): Executed {
  const error = new ProcessEndedError();
  return { method: NO_METHOD, execution: { kind: 'defect', first: error, last: error, attempts, batch: 1 } };
}

function failedBefore({ method, attempts, firstError, lastError }: RecordedFailure): Executed {
  const [first, last] = [new FailedBeforeError(firstError), new FailedBeforeError(lastError)];
  return { method, execution: { kind: 'defect', first, last, attempts, batch: 1 } };
}
