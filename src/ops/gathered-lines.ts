import type { DestinationStream } from 'pino';

/** Lines are written once they have this many characters, or after this many milliseconds. */
const GATHERED_LENGTH = 16_384;
const MAX_GATHERING_MS = 50;

/**
 * Passes lines on together: a write of each costs a lone request a tenth of its processor time. The
 * destination's own gathering copies all that has gathered for each line.
 */
export class GatheredLines implements DestinationStream {
  readonly #destination: DestinationStream;
  #lines: string[] = [];
  #length = 0;
  #timed = false;

  constructor(destination: DestinationStream) {
    this.#destination = destination;
  }

  write(line: string): void {
    this.#lines.push(line);
    this.#length += line.length;
    if (this.#length >= GATHERED_LENGTH) return this.writeOut();
    if (this.#timed) return;
    this.#timed = true;
    setTimeout(() => {
      this.#timed = false;
      this.writeOut();
    }, MAX_GATHERING_MS);
  }

  /** Begins to write what has gathered. */
  writeOut(): void {
    if (this.#lines.length === 0) return;
    const gathered = this.#lines.join('');
    this.#lines = [];
    this.#length = 0;
    try {
      this.#destination.write(gathered);
    } catch {
      // The destination is closed.
    }
  }
}

/** Of text that ends with a line end. */
export function countOfLines(lines: string): number {
  let count = 0;
  for (let at = lines.indexOf('\n'); at >= 0; at = lines.indexOf('\n', at + 1)) count += 1;
  return count;
}
