/** Characters of one line: far more than any that is meant. */
const MAX_LINE = 8 * 1_048_576;

/** The rest of the file cannot be read; the message says where and why. */
export class UnreadableFileError extends Error {
  override readonly name = 'UnreadableFileError';
}

/**
 * Decodes bytes; a byte order mark wins over `encoding`, and is dropped. Rejects at the first bytes
 * that are wrong.
 */
export async function* decodedText(bytes: AsyncIterable<Uint8Array>, encoding: string): AsyncGenerator<string> {
  let decoder: TextDecoder | undefined;
  let position = 0;
  const decode = (part?: Uint8Array): string => {
    try {
      return part === undefined ? (decoder?.decode() ?? '') : (decoder?.decode(part, { stream: true }) ?? '');
    } catch {
      throw new UnreadableFileError(
        `it is not ${decoder?.encoding ?? encoding} near byte ${position}; name its encoding with --encoding`,
      );
    }
  };
  for await (const part of bytes) {
    decoder ??= new TextDecoder(markedEncoding(part) ?? encoding, { fatal: true });
    const text = decode(part);
    position += part.length;
    if (text !== '') yield text;
  }
  const rest = decode();
  if (rest !== '') yield rest;
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
