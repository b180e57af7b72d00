import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';

import type { Answered, Entry, Fault, Sent } from './journal.ts';

/** The journal of a run: kept in memory for the checker, and written to a file as it grows. */
export class Journal {
  readonly #file: WriteStream;
  readonly #startedAt = process.hrtime.bigint();
  readonly sent: Sent[] = [];
  readonly answered: Answered[] = [];
  readonly faults: Fault[] = [];

  constructor(path: string) {
    this.#file = createWriteStream(path);
  }

  /** Returns nanoseconds since the journal was opened, monotonic. */
  now(): number {
    return Number(process.hrtime.bigint() - this.#startedAt);
  }

  add(entry: Entry): void {
    if (entry.type === 'sent') this.sent.push(entry);
    else if (entry.type === 'answered') this.answered.push(entry);
    else this.faults.push(entry);
    this.#file.write(`${JSON.stringify(entry)}\n`);
  }

  /** Returns all entries ordered by time. */
  inOrder(): readonly Entry[] {
    return [...this.sent, ...this.answered, ...this.faults].sort((one, other) => one.at - other.at);
  }

  async close(): Promise<void> {
    this.#file.end();
    await finished(this.#file);
  }
}
