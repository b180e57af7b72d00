import type { Problem } from '../../client/index.ts';
import { problemLine } from '../failure.ts';
import type { Row, RowReader } from '../formats/row.ts';
import type { RejectsFile } from './rejects-file.ts';

/** Rows reported on standard error; the file holds all. */
const MAX_SHOWN = 10;

/**
 * Where rejected rows go: into a file of the same format, and the first of them to standard error.
 */
export class Rejects {
  readonly #reader: RowReader;
  readonly #file: RejectsFile | undefined;
  readonly #warn: (line: string) => void;
  #count = 0;

  constructor(reader: RowReader, file: RejectsFile | undefined, warn: (line: string) => void) {
    this.#reader = reader;
    this.#file = file;
    this.#warn = warn;
  }

  /** Resolves when the file accepts more. @throws {CommandError} where it cannot be written. */
  async add(row: Row, problems: readonly Problem[]): Promise<void> {
    this.#count += 1;
    const reason = problems.map(problemLine).join('; ');
    if (this.#count <= MAX_SHOWN) this.#warn(`${row.place}: ${reason}`);
    const head = this.#count === 1 ? this.#reader.head() : '';
    await this.#file?.write(head + this.#reader.rejected(row.source, reason));
  }

  /** Ends the file. @throws {CommandError} where it does not hold all rows. */
  async close(): Promise<void> {
    if (this.#count > MAX_SHOWN) this.#warn(`and ${this.#count - MAX_SHOWN} more rejected rows`);
    if (this.#file === undefined) return;
    const { path, isUsed } = this.#file;
    const isEarlier = await this.#file.holdsEarlierRows();
    await this.#file.close(this.#reader.tail);
    if (isUsed) this.#warn(`The rejected rows are in ${path}.`);
    if (isEarlier) this.#warn(`No row was rejected: ${path} is left as it was, and is not of this run.`);
  }
}
