import { Buffer } from 'node:buffer';
import { startsWith } from './encoding.ts';

/** Elements from which a document can only be refused: no method has a tenth of them. */
const MANY_ELEMENTS = 100;
/** Ampersands of a request: each begins a reference, where it is not in a comment or CDATA section. */
const MAX_AMPERSANDS = 4_096;
/** Comments, CDATA sections and processing instructions of a request. */
const MAX_OTHER_MARKUP = 1_024;

/** The place in a text where a limit is exceeded. */
export interface ExceededLimit {
  readonly index: number;
  readonly problem: string;
}

/** The first place where a text exceeds one of the two limits. Takes linear time. */
export function exceededLimitIn(text: string): ExceededLimit | undefined {
  const ampersand = indexOfNth('&', MAX_AMPERSANDS + 1, text);
  const markup = indexOfOtherMarkup(text);
  if (ampersand === undefined && markup === undefined) return undefined;
  return (markup ?? Infinity) < (ampersand ?? Infinity)
    ? { index: markup ?? 0, problem: `more than ${MAX_OTHER_MARKUP} comments, CDATA sections and instructions` }
    : { index: ampersand ?? 0, problem: `more than ${MAX_AMPERSANDS} times '&'` };
}

function indexOfNth(part: string, nth: number, text: string): number | undefined {
  let count = 0;
  for (let index = text.indexOf(part); index >= 0; index = text.indexOf(part, index + 1)) {
    count += 1;
    if (count === nth) return index;
  }
  return undefined;
}

const EXCLAMATION_MARK = 0x21;
const SLASH = 0x2f;
const QUESTION_MARK = 0x3f;

function indexOfOtherMarkup(text: string): number | undefined {
  let count = 0;
  for (let index = text.indexOf('<'); index >= 0; index = text.indexOf('<', index + 1)) {
    const next = text.charCodeAt(index + 1);
    if (next !== EXCLAMATION_MARK && next !== QUESTION_MARK) continue;
    count += 1;
    if (count > MAX_OTHER_MARKUP) return index;
  }
  return undefined;
}

/**
 * Whether the body certainly is refused, because it has more elements than any request: it has more
 * than 100 start tags, or is not well-formed. Reads no further than to the 101st, in linear time.
 * False for any body that may be executed.
 */
export function hasManyElements(body: Uint8Array): boolean {
  const text = asciiOf(body);
  let elements = 0;
  for (let index = text.indexOf('<'); index >= 0; index = text.indexOf('<', index + 1)) {
    const next = text.charCodeAt(index + 1);
    if (next === EXCLAMATION_MARK || next === QUESTION_MARK) {
      const end = endOfMarkup(text, index);
      if (end < 0) return false;
      index = end;
    } else if (next !== SLASH && (elements += 1) > MANY_ELEMENTS) return true;
  }
  return false;
}

/** The last index of the comment, CDATA section or instruction; -1 where it does not end. */
function endOfMarkup(text: string, start: number): number {
  if (text.startsWith('<!--', start)) return text.indexOf('-->', start + 4);
  return text.startsWith('<![CDATA[', start) ? text.indexOf(']]>', start + 9) : text.indexOf('?>', start + 2);
}

/** The body as text in which all ASCII characters, and no other, are right. */
function asciiOf(bytes: Uint8Array): string {
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (startsWith(body, [0xff, 0xfe])) return body.toString('utf16le', 2);
  if (!startsWith(body, [0xfe, 0xff])) return body.toString('latin1');
  return Buffer.from(body.subarray(0, body.length & ~1))
    .swap16()
    .toString('utf16le', 2);
}
