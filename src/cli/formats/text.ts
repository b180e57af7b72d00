/** Characters of one line: far more than any that is meant. */
const MAX_LINE = 8 * 1_048_576;

/** The rest of the file cannot be read; the message says where and why. */
export class UnreadableFileError extends Error {
  override readonly name = 'UnreadableFileError';
}

/**
 * Decodes bytes; a byte order mark wins over `encoding`, and is dropped. Rejects at the first bytes
 * that are wrong, behind the text before them.
 */
export async function* decodedText(bytes: AsyncIterable<Uint8Array>, encoding: string): AsyncGenerator<string> {
  let decoder: StrictDecoder | undefined;
  for await (const part of bytes) {
    decoder ??= new StrictDecoder(markedEncoding(part) ?? encoding);
    yield* decoder.decode(part);
  }
  if (decoder !== undefined) yield* decoder.decode();
}

/** What decoders write in the place of bytes that are wrong. */
const REPLACEMENT = '\uFFFD';

class StrictDecoder {
  readonly #strict: TextDecoder;
  /** Finds what is before the bytes at which the other one throws, and then returns nothing. */
  readonly #lenient: TextDecoder;
  #position = 0;

  constructor(encoding: string) {
    this.#strict = new TextDecoder(encoding, { fatal: true });
    this.#lenient = new TextDecoder(encoding);
  }

  /** Without a part: the end. */
  *decode(part?: Uint8Array): Generator<string> {
    const options = { stream: part !== undefined };
    const lenient = this.#lenient.decode(part, options);
    let text: string;
    try {
      text = this.#strict.decode(part, options);
    } catch {
      yield* nonEmpty(lenient.slice(0, Math.max(0, lenient.indexOf(REPLACEMENT))));
      throw new UnreadableFileError(
        `it is not ${this.#strict.encoding} near byte ${this.#position}; name its encoding with --encoding`,
      );
    }
    this.#position += part?.length ?? 0;
    yield* nonEmpty(text);
  }
}

function nonEmpty(text: string): readonly string[] {
  return text === '' ? [] : [text];
}

function markedEncoding([first, second]: Uint8Array): string | undefined {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : undefined;
}

/** The start of a text, at least `length` characters where it has so many, and the whole. */
export async function peeked(
  text: AsyncIterable<string>,
  length: number,
): Promise<{ readonly start: string; readonly all: AsyncIterable<string> }> {
  const iterator = text[Symbol.asyncIterator]();
  let start = '';
  let ended = false;
  while (start.length < length && !ended) {
    const next = await iterator.next();
    if (next.done === true) ended = true;
    else start += next.value;
  }
  async function* all(): AsyncGenerator<string> {
    if (start !== '') yield start;
    if (!ended) yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return { start, all: all() };
}

/** Lines without their ends (LF, CR LF), and their numbers from 1. */
export async function* linesOf(
  text: AsyncIterable<string>,
): AsyncGenerator<{ readonly line: string; readonly at: number }> {
  let rest = '';
  let at = 0;
  for await (const part of text) {
    const lines = (rest + part).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE) throw new UnreadableFileError(`line ${at + 1} is longer than ${MAX_LINE} characters`);
    for (const line of lines) yield { line: line.endsWith('\r') ? line.slice(0, -1) : line, at: (at += 1) };
  }
  if (rest !== '') yield { line: rest, at: at + 1 };
}
