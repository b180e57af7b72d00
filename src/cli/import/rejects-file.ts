import { once } from 'node:events';
import { type Stats, type WriteStream } from 'node:fs';
import { open, rm, stat, type FileHandle } from 'node:fs/promises';

import { CommandError } from '../errors.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { reasonOf } from '../session.ts';

/** Contacts are personal data: only the caller may read them. */
const MODE = 0o600;

/**
 * The file of rejected rows. It is opened before any row is sent, so that nobody learns afterwards
 * that it cannot be written. The content of an earlier run stays until the first rejected row.
 */
export class RejectsFile {
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #isNew: boolean;
  #stream: WriteStream | undefined;
  #failure: Error | undefined;
  #closing: Promise<void> | undefined;

  private constructor(path: string, handle: FileHandle, isNew: boolean) {
    this.path = path;
    this.#handle = handle;
    this.#isNew = isNew;
  }

  /** @throws {CommandError} where it cannot be written, or is the `input`. */
  static async open(path: string, input: Stats | undefined): Promise<RejectsFile> {
    const created = await open(path, 'ax', MODE).catch(() => undefined);
    const handle = created ?? (await open(path, 'a', MODE).catch((error: unknown) => refuse(path, reasonOf(error))));
    const found = await handle.stat();
    if (!found.isFile() || found.ino !== input?.ino || found.dev !== input.dev) {
      return new RejectsFile(path, handle, created !== undefined);
    }
    await handle.close();
    throw new CommandError(EXIT_CODES.usage, '--rejects must be another file than the one that is imported.');
  }

  /** Whether something was written. */
  get isUsed(): boolean {
    return this.#stream !== undefined;
  }

  /** Whether it still holds what was there before. */
  async holdsEarlierRows(): Promise<boolean> {
    return !this.isUsed && !this.#isNew && (await this.#handle.stat()).size > 0;
  }

  /** Resolves when it accepts more. @throws {CommandError} where it cannot be written any more. */
  async write(text: string): Promise<void> {
    try {
      this.#stream ??= await this.#emptied();
      if (this.#failure === undefined && !this.#stream.write(text)) await once(this.#stream, 'drain');
    } catch (error) {
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
    }
    this.#throwFailure();
  }

  /**
   * Writes `tail` behind the rows and closes the file. Removes one that it created and that has no
   * rows. May be called twice. @throws {CommandError} where the rows are not all written.
   */
  async close(tail = ''): Promise<void> {
    this.#closing ??= this.#close(tail);
    await this.#closing;
  }

  async #close(tail: string): Promise<void> {
    if (this.#stream === undefined) {
      const isOurs = this.#isNew && (await this.#isAtItsPath());
      await this.#handle.close();
      return isOurs ? rm(this.path, { force: true }) : undefined;
    }
    const closed = this.#stream.closed ? undefined : once(this.#stream, 'close');
    if (this.#failure === undefined) this.#stream.end(tail);
    else this.#stream.destroy();
    await closed?.catch(() => undefined);
    this.#throwFailure();
  }

  async #isAtItsPath(): Promise<boolean> {
    const [own, there] = await Promise.all([this.#handle.stat(), stat(this.path).catch(() => undefined)]);
    return there?.ino === own.ino && there.dev === own.dev && own.size === 0;
  }

  async #emptied(): Promise<WriteStream> {
    if ((await this.#handle.stat()).isFile()) await this.#handle.truncate();
    return this.#handle.createWriteStream().on('error', (error) => (this.#failure ??= error));
  }

  #throwFailure(): void {
    if (this.#failure === undefined) return;
    throw new CommandError(EXIT_CODES.failed, notWritable(this.path, reasonOf(this.#failure)));
  }
}

function refuse(path: string, reason: string): never {
  throw new CommandError(EXIT_CODES.usage, notWritable(path, reason));
}

function notWritable(path: string, reason: string): string {
  return `The rejected rows cannot be written to ${path}: ${reason}`;
}
