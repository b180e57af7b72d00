import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { lstat, rm } from 'node:fs/promises';

import type { Problem } from '../../client/index.ts';
import { problemLine } from '../failure.ts';
import type { Row, RowReader } from '../formats/row.ts';

/** Rows reported on standard error; the file holds all. */
const MAX_SHOWN = 10;

/**
 * Where rejected rows go: into a file of the same format, and the first of them to standard error.
 */
export class Rejects {
  readonly #reader: RowReader;
  readonly #path: string | undefined;
  readonly #write: (line: string) => void;
  #file: WriteStream | undefined;
  #failure: Error | undefined;
  #count = 0;

  constructor(reader: RowReader, path: string | undefined, write: (line: string) => void) {
    this.#reader = reader;
    this.#path = path;
    this.#write = write;
  }

  /** Resolves when the file accepts more. Rejects where it cannot be written. */
  async add(row: Row, problems: readonly Problem[]): Promise<void> {
    this.#count += 1;
    const reason = problems.map(problemLine).join('; ');
    if (this.#count <= MAX_SHOWN) this.#write(`${row.place}: ${reason}`);
    if (this.#path === undefined) return;
    this.#file ??= this.#opened(this.#path);
    if (this.#count === 1) this.#file.write(this.#reader.head());
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.#file.write(this.#reader.rejected(row.source, reason))) await once(this.#file, 'drain');
  }

  /**
   * Ends the file. Where no row was rejected it is removed, as one of an earlier run would mislead.
   */
  async close(): Promise<void> {
    if (this.#count > MAX_SHOWN) this.#write(`and ${this.#count - MAX_SHOWN} more rejected rows`);
    if (this.#path === undefined) return;
    if (this.#file === undefined) return removeFile(this.#path);
    this.#file.end(this.#reader.tail);
    if (this.#failure === undefined) await once(this.#file, 'close');
    if (this.#failure !== undefined) throw this.#failure;
    this.#write(`The rejected rows are in ${this.#path}.`);
  }

  /** Contacts are personal data: only the caller may read them. */
  #opened(path: string): WriteStream {
    return createWriteStream(path, { mode: 0o600 }).on('error', (error) => (this.#failure = error));
  }
}

/** Leaves what is no regular file: a device, a pipe, a link. */
async function removeFile(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isFile() === true) await rm(path, { force: true });
}
