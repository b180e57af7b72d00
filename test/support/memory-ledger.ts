import type { AttemptLedger, EarlierAttempts, RecordedFailure } from '../../src/protocol/attempt-ledger.ts';
import { UnavailableError } from '../../src/protocol/errors.ts';

interface Entry {
  readonly starts: Set<string>;
  failure?: { readonly start: string; readonly how: RecordedFailure };
}

/** A ledger in memory, for tests of its user. It passes the same suite as the real one. */
export class MemoryLedger implements AttemptLedger {
  readonly #entries = new Map<string, Entry>();
  /** So many of the next calls find it away. */
  away = 0;
  /** So many of the next calls are done, and their answers lost. */
  answersLost = 0;
  /** Every call is refused so, where set. */
  broken: Error | undefined;
  /** The calls that came, by name. */
  readonly calls: string[] = [];

  begin(id: string, start: string, most: number): Promise<EarlierAttempts> {
    return this.#call('begin', () => {
      const { starts, failure } = this.#entries.get(id) ?? { starts: new Set<string>() };
      const others = [...starts].filter((name) => name !== start);
      if (failure === undefined && starts.size < most) {
        this.#entries.set(id, { starts: starts.add(start) });
      }
      return { unended: others.length, starts: others, ...(failure !== undefined && { failure: failure.how }) };
    });
  }

  end(id: string, starts: readonly string[]): Promise<void> {
    return this.#call('end', () => {
      const entry = this.#entries.get(id);
      if (entry === undefined) return;
      for (const start of starts) entry.starts.delete(start);
      if (entry.failure !== undefined && starts.includes(entry.failure.start)) delete entry.failure;
      if (entry.starts.size === 0) this.#entries.delete(id);
    });
  }

  fail(id: string, start: string, how: RecordedFailure): Promise<void> {
    return this.#call('fail', () => {
      const entry = this.#entries.get(id);
      if (entry?.starts.has(start) === true) entry.failure = { start, how };
    });
  }

  /** How many starts of each request have not ended. */
  get unended(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#entries].map(([id, { starts }]) => [id, starts.size]));
  }

  async #call<T>(name: string, call: () => T): Promise<T> {
    this.calls.push(name);
    await Promise.resolve();
    if (this.broken !== undefined) throw this.broken;
    this.away -= 1;
    if (this.away >= 0) throw new UnavailableError('away');
    const result = call();
    this.answersLost -= 1;
    if (this.answersLost >= 0) throw new UnavailableError('the answer was lost');
    return result;
  }
}
