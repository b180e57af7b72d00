import type { AttemptLedger, EarlierAttempts, RecordedFailure } from '../../src/protocol/attempt-ledger.ts';
import { UnavailableError } from '../../src/protocol/errors.ts';

interface Entry {
  readonly starts: Set<string>;
  failure?: { readonly start: string; readonly how: RecordedFailure };
}

/** A ledger in memory, for tests of its callers. It passes the same suite as the real one. */
export class MemoryLedger implements AttemptLedger {
  readonly #entries = new Map<string, Entry>();
  /** How many of the next calls reject as unavailable, without effect. */
  unavailableCalls = 0;
  /** How many of the next calls take effect and lose their response. */
  lostResponses = 0;
  /** If set, every call rejects with it. */
  broken: Error | undefined;
  /** The names of the calls so far. */
  readonly calls: string[] = [];

  begin(id: string, start: string, maxStarts: number): Promise<EarlierAttempts> {
    return this.#call('begin', () => {
      const { starts, failure } = this.#entries.get(id) ?? { starts: new Set<string>() };
      const others = [...starts].filter((name) => name !== start);
      if (failure === undefined && starts.size < maxStarts) {
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

  /** The number of unended starts, by request. */
  get unended(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#entries].map(([id, { starts }]) => [id, starts.size]));
  }

  async #call<T>(name: string, call: () => T): Promise<T> {
    this.calls.push(name);
    await Promise.resolve();
    if (this.broken !== undefined) throw this.broken;
    this.unavailableCalls -= 1;
    if (this.unavailableCalls >= 0) throw new UnavailableError('unavailable');
    const result = call();
    this.lostResponses -= 1;
    if (this.lostResponses >= 0) throw new UnavailableError('the response was lost');
    return result;
  }
}
