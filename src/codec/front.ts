import { Buffer, isUtf8 } from 'node:buffer';
import { oddCharacterIn } from '../protocol/characters.ts';
import { malformedAt } from './fault-error.ts';
import type { FaultError } from './fault-error.ts';

/** Bytes that are looked at; whatever is put in front of a document is shorter. */
const LOOKED_AT = 256;

const COMPRESSED: readonly (readonly [start: readonly number[], format: string])[] = [
  [[0x1f, 0x8b], 'gzip'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'zstd'],
  [[0x42, 0x5a, 0x68], 'bzip2'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], 'xz'],
  [[0x04, 0x22, 0x4d, 0x18], 'LZ4'],
  [[0xff, 0x06, 0x00, 0x00, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59], 'Snappy'],
  [[0x50, 0x4b, 0x03, 0x04], 'ZIP'],
];
/** The second byte of zlib's header, behind 0x78, for its four levels. */
const ZLIB_LEVELS: readonly number[] = [0x01, 0x5e, 0x9c, 0xda];

const SERIALIZED: readonly (readonly [start: readonly number[], how: string])[] = [
  [[0xac, 0xed, 0x00, 0x05], 'Java-serialized (ObjectOutputStream)'],
  [[0x00, 0x01, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff], 'serialized by .NET (BinaryFormatter)'],
  ...[2, 3, 4, 5].map((protocol) => [[0x80, protocol], 'pickled (Python)'] as const),
  [[0x04, 0x08, 0x49, 0x22], 'serialized by Ruby (Marshal)'],
  [[0x83, 0x6d], 'serialized by Erlang (term_to_binary)'],
];

// What a body is that begins with such text, behind a byte order mark and white space.
const TEXTS: readonly (readonly [start: RegExp, problem: string])[] = [
  [/^s:\d+:"/, 'the body is serialized by PHP; send the XML itself'],
  [/^[bu]?\\?["'\u2018-\u201F]/, 'a quote comes before the document: was the XML serialized as a JSON string?'],
  [/^\\[ux](?:00)?3c/i, 'the body is escaped as in a JSON string; send the XML itself'],
  [/^[[{]/, 'the body looks like JSON; a request is XML'],
  [/^(?:[\w.-]+=)?%3C/i, 'the body is percent-encoded; send the XML itself'],
  [/^[\w.-]+=</, 'a name and an equals sign come before the document, as in a form; send the XML itself'],
  [/^&(?:lt|#60|#x3c);/i, 'the body is escaped (&lt; where < belongs); send the XML itself'],
  [/^\0+(?!\0)[ \t\r\n]*</, 'a NUL (U+0000) comes before the document'],
  [/^\uFEFF/, 'a byte order mark (U+FEFF) that is not at the very start of the document'],
  [/^\u00EF\u00BB\u00BF/, 'a byte order mark that was encoded twice comes before the document'],
];

/** The codings of `content_encoding` under which a body is no XML yet. Others, such as `utf-8`, say nothing of it. */
const CODINGS: ReadonlySet<string> = new Set([
  'gzip',
  'x-gzip',
  'deflate',
  'zlib',
  'br',
  'brotli',
  'zstd',
  'compress',
  'bzip2',
  'xz',
  'lz4',
  'snappy',
  'base64',
]);

/**
 * What comes before the document in a body that could not be read, or what the body is instead of one, as the refusal
 * that says so. `undefined` where it begins as a document does, or nothing is known of it. Looks at its first bytes only,
 * but for a check that a zlib body is no text.
 */
export function frontProblem(bytes: Uint8Array, contentEncoding?: string): FaultError | undefined {
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const problem = wholeProblem(body);
  if (problem !== undefined) return malformedAt('', 0, problem);
  const text = startOf(body);
  const start = text.search(/[^ \t\r\n]/);
  // a second mark has its own words
  if (start < 0 || text.charAt(start) === '<' || text.startsWith('\uFEFF')) return undefined;
  const told = textProblem(text.slice(start), body) ?? declaredCoding(contentEncoding);
  return told === undefined ? undefined : malformedAt(text, start, told);
}

/** What the bytes are, where they are recognised by how they start. */
function wholeProblem(body: Buffer): string | undefined {
  const compressed = isZlib(body) ? 'zlib' : COMPRESSED.find(([start]) => startsWith(body, start))?.[1];
  if (compressed !== undefined) return `the body is ${compressed}-compressed; send it uncompressed`;
  const how = SERIALIZED.find(([start]) => startsWith(body, start))?.[1];
  return how === undefined ? undefined : `the body is ${how}; send the bytes of the XML alone`;
}

function isZlib(body: Buffer): boolean {
  return body[0] === 0x78 && ZLIB_LEVELS.includes(body[1] ?? 0) && !isUtf8(body);
}

/** The start of the body without its byte order mark, whatever else is wrong with it. */
function startOf(body: Buffer): string {
  const start = body.subarray(0, LOOKED_AT);
  if (startsWith(start, [0xff, 0xfe])) return start.toString('utf16le', 2);
  if (startsWith(start, [0xfe, 0xff]))
    return Buffer.from(start.subarray(0, start.length & ~1))
      .swap16()
      .toString('utf16le', 2);
  return start.toString('utf8', startsWith(start, [0xef, 0xbb, 0xbf]) ? 3 : 0);
}

function textProblem(text: string, body: Buffer): string | undefined {
  // U+0000 is every second byte of UTF-16, which has its own words
  if (text.startsWith('\0') && text.replace(/^\0+/, '').includes('\0')) return undefined;
  const known = TEXTS.find(([start]) => start.test(text))?.[1] ?? base64Problem(text);
  if (known !== undefined) return known;
  const end = text.indexOf('<');
  if (end < 0 || startsWith(body, EBCDIC)) return undefined;
  const before = text.slice(0, end);
  const odd = oddCharacterIn(before);
  if (odd === undefined && !before.includes('\uFFFD')) return 'text comes before the document; send the XML alone';
  return /^[\p{Z}\p{Cf}\p{Default_Ignorable_Code_Point}\t\r\n]*$/u.test(before)
    ? `${odd} comes before the document`
    : 'bytes come before the document, as a length or the header of a serializer; send the bytes of the XML alone';
}

/** As XML 1.0 has it in appendix F; its third byte is a letter to others. */
const EBCDIC = [0x4c, 0x6f, 0xa7, 0x94];

function base64Problem(text: string): string | undefined {
  const token = /^[A-Za-z0-9+/_-]{12,}/.exec(text)?.[0];
  if (token === undefined) return undefined;
  const decoded = Buffer.from(token, 'base64');
  if (/^\uFEFF?\s*</.test(decoded.toString('utf8'))) return 'the body is Base64-encoded; send the XML itself';
  return wholeProblem(decoded) === undefined
    ? undefined
    : 'the body is Base64-encoded, and no XML behind that; send the XML itself';
}

function declaredCoding(contentEncoding: string | undefined): string | undefined {
  const coding = contentEncoding?.toLowerCase() ?? '';
  return CODINGS.has(coding)
    ? `the body is no XML, and content_encoding says ${coding}; send it without that encoding`
    : undefined;
}

function startsWith(body: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, i) => body[i] === byte);
}
