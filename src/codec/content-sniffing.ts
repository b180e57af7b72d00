import { Buffer, isUtf8 } from 'node:buffer';
import { oddCharacterIn } from '../protocol/characters.ts';
import { EBCDIC, startsWith } from './encoding.ts';
import { malformedAt } from './fault-error.ts';
import type { FaultError } from './fault-error.ts';

/** Bytes to examine; anything that programs put before a document is shorter. */
const SNIFFED_BYTES = 256;

const COMPRESSED: readonly (readonly [start: readonly number[], format: string])[] = [
  [[0x1f, 0x8b], 'gzip'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'zstd'],
  [[0x42, 0x5a, 0x68], 'bzip2'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], 'xz'],
  [[0x04, 0x22, 0x4d, 0x18], 'LZ4'],
  [[0xff, 0x06, 0x00, 0x00, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59], 'Snappy'],
  [[0x50, 0x4b, 0x03, 0x04], 'ZIP'],
];
/** The second byte of zlib's header, after 0x78, for its four levels. */
const ZLIB_LEVELS: readonly number[] = [0x01, 0x5e, 0x9c, 0xda];

const SERIALIZED: readonly (readonly [start: readonly number[], how: string])[] = [
  [[0xac, 0xed, 0x00, 0x05], 'Java-serialized (ObjectOutputStream)'],
  [[0x00, 0x01, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff], 'serialized by .NET (BinaryFormatter)'],
  ...[2, 3, 4, 5].map((protocol) => [[0x80, protocol], 'pickled (Python)'] as const),
  [[0x04, 0x08, 0x49, 0x22], 'serialized by Ruby (Marshal)'],
  [[0x83, 0x6d], 'serialized by Erlang (term_to_binary)'],
];

// Messages for bodies that start with such text, after a byte order mark and white space.
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

/**
 * Values of `content_encoding` for encoded bodies. Others, such as `utf-8`, do not explain
 * anything.
 */
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
 * Recognises what precedes the document in an unreadable body, or what the body is instead of XML.
 * Returns the fault that says so; `undefined` if the body starts like a document or is unknown.
 * Examines the first bytes only, except to check that a zlib body is not text.
 */
export function sniffFault(bytes: Uint8Array, contentEncoding?: string): FaultError | undefined {
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const binary = binaryProblem(body);
  if (binary !== undefined) return malformedAt('', 0, binary);
  const text = startOf(body);
  const start = text.search(/[^ \t\r\n]/);
  // The decoder reports a second mark.
  if (start < 0 || text.charAt(start) === '<' || text.startsWith('\uFEFF')) return undefined;
  const textual = textProblem(text.slice(start), body) ?? contentEncodingProblem(contentEncoding);
  return textual === undefined ? undefined : malformedAt(text, start, textual);
}

/** The problem of a body that its first bytes identify. */
function binaryProblem(body: Buffer): string | undefined {
  const compressed = isZlib(body) ? 'zlib' : COMPRESSED.find(([start]) => startsWith(body, start))?.[1];
  if (compressed !== undefined) return `the body is ${compressed}-compressed; send it uncompressed`;
  const how = SERIALIZED.find(([start]) => startsWith(body, start))?.[1];
  return how === undefined ? undefined : `the body is ${how}; send the bytes of the XML alone`;
}

function isZlib(body: Buffer): boolean {
  return body[0] === 0x78 && ZLIB_LEVELS.includes(body[1] ?? 0) && !isUtf8(body);
}

/** The start of the body as text, without its byte order mark. Replaces undecodable bytes. */
function startOf(body: Buffer): string {
  const start = body.subarray(0, SNIFFED_BYTES);
  if (startsWith(start, [0xff, 0xfe])) return start.toString('utf16le', 2);
  if (startsWith(start, [0xfe, 0xff]))
    return Buffer.from(start.subarray(0, start.length & ~1))
      .swap16()
      .toString('utf16le', 2);
  return start.toString('utf8', startsWith(start, [0xef, 0xbb, 0xbf]) ? 3 : 0);
}

function textProblem(text: string, body: Buffer): string | undefined {
  // Every second byte of UTF-16 is U+0000; the decoder reports UTF-16 without a mark.
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

function base64Problem(text: string): string | undefined {
  const token = /^[A-Za-z0-9+/_-]{12,}/.exec(text)?.[0];
  if (token === undefined) return undefined;
  const decoded = Buffer.from(token, 'base64');
  if (/^\uFEFF?\s*</.test(decoded.toString('utf8'))) return 'the body is Base64-encoded; send the XML itself';
  return binaryProblem(decoded) === undefined
    ? undefined
    : 'the body is Base64-encoded, and no XML behind that; send the XML itself';
}

function contentEncodingProblem(contentEncoding: string | undefined): string | undefined {
  const coding = contentEncoding?.toLowerCase() ?? '';
  return CODINGS.has(coding)
    ? `the body is no XML, and content_encoding says ${coding}; send it without that encoding`
    : undefined;
}
