import { clearScreenDown, cursorTo } from 'node:readline';
import type { Writable } from 'node:stream';

import { escapeControlsInLines } from '../dead-letters/terminal-text.ts';
import { ReaderGoneError, type Output } from './environment.ts';

/** Standard output of a process, also where its reader closes it early or the disk is full. */
export class StandardOutput implements Output {
  /** Why it could not be written; a reader that closed early is no failure. */
  failure: string | undefined;
  readonly #stream: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  #closed = false;

  constructor(stream: Writable & { readonly isTTY?: boolean; readonly columns?: number }) {
    this.#stream = stream;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      this.#closed = true;
      if (error.code !== 'EPIPE') this.failure = error.message;
    });
  }

  get isTTY(): boolean {
    return this.#stream.isTTY === true;
  }

  get columns(): number {
    return this.#stream.columns ?? 80;
  }

  /**
   * Writes the text as it is to a file or a pipe. A terminal gets it without what could control it:
   * contacts may hold U+009B, which begins a control sequence.
   */
  write(text: string): Promise<void> {
    return this.writeStyled(this.isTTY ? escapeControlsInLines(text) : text);
  }

  async writeStyled(text: string): Promise<void> {
    if (this.#closed) throw new ReaderGoneError('standard output is closed');
    this.#stream.write(text);
    await this.drained();
    if (this.#closed) throw new ReaderGoneError('standard output is closed');
  }

  async show(text: string): Promise<void> {
    if (!this.isTTY) return this.write(text);
    cursorTo(this.#stream, 0, 0);
    clearScreenDown(this.#stream);
    return this.write(text);
  }

  /** Writes without waiting; what nobody reads any more is dropped. */
  writeOrDrop(text: string): void {
    this.#stream.write(text);
  }

  /** Resolves when more may be written, or nothing more can be. */
  async drained(): Promise<void> {
    if (!this.#stream.writableNeedDrain) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        for (const event of ['drain', 'close']) this.#stream.off(event, done);
        resolve();
      };
      for (const event of ['drain', 'close']) this.#stream.on(event, done);
    });
  }
}
