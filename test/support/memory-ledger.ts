import type { AttemptLedger, EarlierAttempts, RecordedFailure } from '../../src/protocol/attempt-ledger.ts';
import { Unavailable } from '../../src/protocol/unavailable.ts';

/** A ledger in memory, for tests of its user. It passes the same suite as the real one. */
export class MemoryLedger implements AttemptLedger {
  readonly unended = new Map<string, number>();
  readonly failures = new Map<string, RecordedFailure>();
  /** So many of the next calls find it away. */
  away = 0;

  async begin(id: string): Promise<EarlierAttempts> {
    this.#answer();
    const unended = this.unended.get(id) ?? 0;
    this.unended.set(id, unended + 1);
    const failure = this.failures.get(id);
    return Promise.resolve(failure === undefined ? { unended } : { unended, failure });
  }

  async end(id: string): Promise<void> {
    this.#answer();
    this.unended.delete(id);
    return Promise.resolve();
  }

  async fail(id: string, failure: RecordedFailure): Promise<void> {
    this.#answer();
    this.failures.set(id, failure);
    return Promise.resolve();
  }

  #answer(): void {
    this.away -= 1;
    if (this.away >= 0) throw new Unavailable('away');
  }
}
