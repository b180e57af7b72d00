import { Buffer, isAscii, isUtf8 } from 'node:buffer';
import { isCurlyQuote, CURLY_QUOTES } from './curly-quotes.ts';
import { declaredEncoding, encodingNamed } from './encoding-name.ts';
import type { Encoding } from './encoding-name.ts';
import { malformedAt, FaultError } from './fault-error.ts';

const BYTE_ORDER_MARK = '\uFEFF';

// Bytes 0x80 to 0x9F of windows-1252; U+FFFD stands for the five undefined ones.
const WINDOWS_1252_HIGH = '€\uFFFD‚ƒ„…†‡ˆ‰Š‹Œ\uFFFDŽ\uFFFD\uFFFD‘’“”•–—˜™š›œ\uFFFDžŸ';

/** The first bytes of a document in EBCDIC (XML 1.0, appendix F). */
export const EBCDIC = [0x4c, 0x6f, 0xa7, 0x94];

// First bytes of documents in unsupported encodings, or in UTF-16 without a mark (XML 1.0, appendix
// F).
const UNSUPPORTED_STARTS: readonly (readonly [start: readonly number[], what: string])[] = [
  [[0xff, 0xfe, 0x00, 0x00], 'UTF-32'],
  [[0x00, 0x00, 0xfe, 0xff], 'UTF-32'],
  [[0x3c, 0x00, 0x00, 0x00], 'UTF-32'],
  [[0x00, 0x00, 0x00, 0x3c], 'UTF-32'],
  [[0x3c, 0x00], 'UTF-16 without a byte order mark'],
  [[0x00, 0x3c], 'UTF-16 without a byte order mark'],
  [EBCDIC, 'EBCDIC'],
];

/**
 * Decodes a document by its byte order mark or declaration, else as UTF-8. Never replaces bytes
 * that it cannot decode. Removes the mark and normalises line ends to LF (XML 1.0, 2.11). Throws
 * `FaultError`.
 *
 * It does not use `TextDecoder`: its WHATWG labels read ISO-8859-1 and US-ASCII as windows-1252,
 * and its windows-1252 differs between versions of Node.
 */
export function readText(bytes: Uint8Array): string {
  const body = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const usual = body[0] === LESS_THAN && body[1] !== 0;
  const unsupportedStart = usual ? undefined : UNSUPPORTED_STARTS.find(([start]) => startsWith(body, start));
  if (unsupportedStart !== undefined) throw unsupported(`the document is ${unsupportedStart[1]}`);
  const text = withoutMark(body);
  if (text.startsWith(BYTE_ORDER_MARK)) throw malformedAt(text, 0, 'a second byte order mark');
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
}

const LESS_THAN = 0x3c;

function withoutMark(body: Buffer): string {
  if (startsWith(body, [0xef, 0xbb, 0xbf])) {
    const content = body.subarray(3);
    checkDeclared('UTF-8', declarationOf(content));
    return fromUtf8(content);
  }
  if (startsWith(body, [0xff, 0xfe])) return fromUtf16(body.subarray(2), 'UTF-16LE');
  // Copies, as swap16 works in place and the caller owns the body.
  if (startsWith(body, [0xfe, 0xff])) return fromUtf16(swapped(body.subarray(2)), 'UTF-16BE');
  return DECODERS[encodingWithoutMark(declarationOf(body))](body);
}

const DECODERS: Readonly<Record<'UTF-8' | 'US-ASCII' | 'ISO-8859-1' | 'windows-1252', (body: Buffer) => string>> = {
  'UTF-8': fromUtf8,
  'US-ASCII': fromAscii,
  'ISO-8859-1': (body) => body.toString('latin1'),
  'windows-1252': fromWindows1252,
};

function encodingWithoutMark(declaration: string): keyof typeof DECODERS {
  const name = declaredEncoding(declaration);
  if (name === undefined) return 'UTF-8';
  const encoding = encodingNamed(name);
  if (encoding === undefined) throw unsupported('the declared encoding is not supported');
  if (encoding === 'UTF-16' || encoding === 'UTF-16LE' || encoding === 'UTF-16BE') {
    throw unsupported(`the document declares UTF-16 and has no byte order mark, nor is it UTF-16: ${STRING_WRITER}`);
  }
  return encoding;
}

/** String writers declare UTF-16, the encoding of text in memory, whatever encoding is sent. */
const STRING_WRITER = 'a string writer, as in .NET or Java, declared it and the text was sent as UTF-8; declare UTF-8';

/** Throws if the declaration contradicts the mark. */
function checkDeclared(marked: Encoding, declaration: string): void {
  const name = declaredEncoding(declaration);
  if (name === undefined) return;
  const encoding = encodingNamed(name);
  if (encoding === undefined) throw unsupported('the declared encoding is not supported');
  const agrees = encoding === marked || (encoding === 'UTF-16' && marked.startsWith('UTF-16'));
  if (!agrees) {
    const hint = marked === 'UTF-8' && encoding.startsWith('UTF-16') ? `: ${STRING_WRITER}` : '';
    const problem = `the declared encoding contradicts the byte order mark, which says ${marked}${hint}`;
    throw malformedAt(declaration, declaration.indexOf('encoding'), problem);
  }
}

/** The XML declaration without its end, read as Latin-1; empty if there is none. */
function declarationOf(body: Buffer): string {
  if (!startsWith(body, [0x3c, 0x3f, 0x78, 0x6d, 0x6c])) return '';
  const end = body.indexOf('?>');
  return end < 0 ? '' : body.toString('latin1', 0, end);
}

function fromUtf8(body: Buffer): string {
  if (isUtf8(body)) return body.toString('utf8');
  const offset = firstInvalidUtf8(body);
  throw undecodable(body, offset, body.toString('utf8', 0, offset), 'UTF-8');
}

function fromAscii(body: Buffer): string {
  if (isAscii(body)) return body.toString('latin1');
  const offset = body.findIndex((byte) => byte > 0x7f);
  throw undecodable(body, offset, body.toString('latin1', 0, offset), 'US-ASCII');
}

function fromWindows1252(body: Buffer): string {
  const text = body.toString('latin1').replace(/[\x80-\x9f]/g, (c) => WINDOWS_1252_HIGH.charAt(c.charCodeAt(0) - 0x80));
  const undefinedAt = text.indexOf('\uFFFD');
  if (undefinedAt >= 0) throw undecodable(body, undefinedAt, text.slice(0, undefinedAt), 'windows-1252');
  return text;
}

function fromUtf16(body: Buffer, encoding: 'UTF-16LE' | 'UTF-16BE'): string {
  const text = body.toString('utf16le');
  checkDeclared(encoding, text.slice(0, text.indexOf('?>') + 1));
  if (body.length % 2 !== 0) throw malformedAt(text, text.length, 'the document ends within a UTF-16 character');
  const loneSurrogate = text.search(/\p{Surrogate}/u);
  if (loneSurrogate >= 0) throw malformedAt(text, loneSurrogate, 'bytes that are not UTF-16');
  return text;
}

function swapped(body: Buffer): Buffer {
  const whole = body.length - (body.length % 2);
  return Buffer.concat([Buffer.from(body.subarray(0, whole)).swap16(), body.subarray(whole)]);
}

function firstInvalidUtf8(body: Buffer): number {
  let offset = 0;
  for (const character of body.toString('utf8')) {
    const genuine = character !== '\uFFFD' || startsWith(body.subarray(offset), [0xef, 0xbf, 0xbd]);
    if (!genuine) break;
    const code = character.codePointAt(0) ?? 0;
    offset += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return offset;
}

function undecodable(body: Buffer, offset: number, before: string, encoding: Encoding): FaultError {
  // A word processor's quotes in windows-1252, without a declaration of that encoding.
  const byte = body[offset] ?? 0;
  const character = byte >= 0x80 && byte <= 0x9f ? WINDOWS_1252_HIGH.charAt(byte - 0x80) : '';
  const curly = isCurlyQuote(character) && /=[ \t\r\n]*$/.test(before);
  if (curly) return malformedAt(before, before.length, CURLY_QUOTES);
  const isSurrogate = encoding === 'UTF-8' && byte === 0xed && (body[offset + 1] ?? 0) >= 0xa0;
  return malformedAt(before, before.length, `bytes that are not ${encoding}${isSurrogate ? SURROGATE_HALF : ''}`);
}

const SURROGATE_HALF =
  ': half of a surrogate pair, as CESU-8 and modified UTF-8 (Java) have it; UTF-8 writes the character as one';

function unsupported(problem: string): FaultError {
  const supported = 'UTF-8, UTF-16 with a byte order mark, US-ASCII, ISO-8859-1 and windows-1252 are read';
  return new FaultError('UNSUPPORTED_ENCODING', `${problem}; ${supported}`);
}

/** Whether the body starts with these bytes. */
export function startsWith(body: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, i) => body[i] === byte);
}
