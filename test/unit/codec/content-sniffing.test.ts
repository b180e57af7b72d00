import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decode } from '../../../src/codec/decode.ts';

const DOCUMENT =
  '<?xml version="1.0" encoding="UTF-8"?>\n<request method="contact.get"><contact_id>1</contact_id></request>';
const END = 'line 2, column 67';

function bytes(...parts: readonly (string | readonly number[])[]): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));
}

function faultOf(body: string | Buffer, contentEncoding?: string): string {
  const decoded = decode(typeof body === 'string' ? Buffer.from(body) : body, { contentEncoding });
  return decoded.ok ? 'accepted' : `${decoded.fault.code}: ${decoded.fault.message}`;
}

describe('a body with content before its document', () => {
  const json = JSON.stringify(DOCUMENT);
  it.each<[string, Buffer, string]>([
    [
      'a quote, as a JSON string',
      bytes(json),
      'a quote comes before the document: was the XML serialized as a JSON string?',
    ],
    [
      'a quote, escaped as .NET does',
      bytes(json.replaceAll('<', '\\u003C')),
      'a quote comes before the document: was the XML serialized as a JSON string?',
    ],
    [
      'a single quote',
      bytes("'", DOCUMENT, "'"),
      'a quote comes before the document: was the XML serialized as a JSON string?',
    ],
    [
      'a curly quote',
      bytes('“', DOCUMENT),
      'a quote comes before the document: was the XML serialized as a JSON string?',
    ],
    [
      'Python’s mark of bytes',
      bytes("b'", DOCUMENT, "'"),
      'a quote comes before the document: was the XML serialized as a JSON string?',
    ],
    [
      'a quote in UTF-16',
      Buffer.from(`\uFEFF${json}`, 'utf16le'),
      'a quote comes before the document: was the XML serialized as a JSON string?',
    ],
    [
      'the inside of a JSON string',
      bytes('\\u003C?xml version=\\"1.0\\"?\\u003E'),
      'the body is escaped as in a JSON string; send the XML itself',
    ],
    ['JSON', bytes(JSON.stringify({ xml: DOCUMENT })), 'the body looks like JSON; a request is XML'],
    ['NUL', bytes([0], DOCUMENT), 'a NUL (U+0000) comes before the document'],
    ['several NULs', bytes([0, 0, 0, 0], DOCUMENT), 'a NUL (U+0000) comes before the document'],
    [
      'a byte order mark of another encoding, read as text',
      bytes('ï»¿', DOCUMENT),
      'a byte order mark that was encoded twice comes before the document',
    ],
    ['a no-break space', bytes('\u00A0', DOCUMENT), 'a no-break space (U+00A0) comes before the document'],
    ['percent-encoding', bytes(encodeURIComponent(DOCUMENT)), 'the body is percent-encoded; send the XML itself'],
    ['a form field', bytes(`xml=${encodeURIComponent(DOCUMENT)}`), 'the body is percent-encoded; send the XML itself'],
    [
      'a name',
      bytes('xml=', DOCUMENT),
      'a name and an equals sign come before the document, as in a form; send the XML itself',
    ],
    [
      'escapes',
      bytes(DOCUMENT.replaceAll('<', '&lt;')),
      'the body is escaped (&lt; where < belongs); send the XML itself',
    ],
    ['Base64', bytes(Buffer.from(DOCUMENT).toString('base64')), 'the body is Base64-encoded; send the XML itself'],
    [
      'Base64 of gzip',
      bytes(gzipSync(DOCUMENT).toString('base64')),
      'the body is Base64-encoded, and no XML behind that; send the XML itself',
    ],
    [
      'text',
      bytes('Content-Type: application/xml\r\n\r\n', DOCUMENT),
      'text comes before the document; send the XML alone',
    ],
    [
      'a length',
      bytes([0, 0, 0, 103], DOCUMENT),
      'bytes come before the document, as a length or the header of a serializer; send the bytes of the XML alone',
    ],
    [
      'a header of MessagePack',
      bytes([0xd9, 0x67], DOCUMENT),
      'bytes come before the document, as a length or the header of a serializer; send the bytes of the XML alone',
    ],
    [
      'Java’s serialization',
      bytes([0xac, 0xed, 0x00, 0x05, 0x74, 0x00, 0x67], DOCUMENT),
      'the body is Java-serialized (ObjectOutputStream); send the bytes of the XML alone',
    ],
    [
      '.NET’s serialization',
      bytes([0, 1, 0, 0, 0, 255, 255, 255, 255, 1, 0, 0, 0, 0, 0, 0, 0, 6, 1, 0, 0, 0, 103], DOCUMENT, [11]),
      'the body is serialized by .NET (BinaryFormatter); send the bytes of the XML alone',
    ],
    [
      'a pickle',
      bytes([0x80, 4, 0x95, 104, 0, 0, 0, 0, 0, 0, 0, 0x8c, 103], DOCUMENT, [0x94, 0x2e]),
      'the body is pickled (Python); send the bytes of the XML alone',
    ],
    ['PHP’s serialization', bytes('s:103:"', DOCUMENT, '";'), 'the body is serialized by PHP; send the XML itself'],
    ['gzip', gzipSync(DOCUMENT), 'the body is gzip-compressed; send it uncompressed'],
    ['zlib', deflateSync(DOCUMENT), 'the body is zlib-compressed; send it uncompressed'],
    ['zlib at its quickest', deflateSync(DOCUMENT, { level: 1 }), 'the body is zlib-compressed; send it uncompressed'],
    ['zstd', zstdCompressSync(DOCUMENT), 'the body is zstd-compressed; send it uncompressed'],
  ])('gets a fault that names it: %s', (_, body, what) => {
    expect(faultOf(body)).toBe(`MALFORMED_XML: line 1, column 1: ${what}`);
  });

  it('gets a fault with the place where that content starts', () => {
    expect(faultOf(`\n \uFEFF${DOCUMENT}`)).toBe(
      'MALFORMED_XML: line 2, column 2: a byte order mark (U+FEFF) that is not at the very start of the document',
    );
    expect(faultOf(`\uFEFF\uFEFF${DOCUMENT}`)).toBe('MALFORMED_XML: line 1, column 1: a second byte order mark');
  });

  it('gets a fault that names its content_encoding if nothing else is recognised', () => {
    const raw = deflateRawSync(DOCUMENT);
    const message = 'the body is no XML, and content_encoding says deflate; send it without that encoding';
    expect(faultOf(raw, 'Deflate')).toBe(`MALFORMED_XML: line 1, column 1: ${message}`);
    for (const none of [undefined, 'utf-8', 'binary', 'SECRET'])
      expect(faultOf(raw, none)).not.toContain('content_encoding');
    expect(faultOf(gzipSync(DOCUMENT), 'gzip')).toContain('gzip-compressed');
  });

  it('is accepted whatever its content_encoding says, if it is a document', () => {
    for (const encoding of ['gzip', 'utf-8']) expect(faultOf(DOCUMENT, encoding)).toBe('accepted');
  });

  it('is not blamed if the document itself is malformed, or nothing is recognised', () => {
    expect(faultOf('<a>"</b>', 'gzip')).toContain('an end tag that does not match');
    expect(faultOf('hello', undefined)).toBe('MALFORMED_XML: line 1, column 1: text outside the root element');
    expect(faultOf(bytes([0xff, 0x00, 0xff]))).toBe('MALFORMED_XML: line 1, column 1: bytes that are not UTF-8');
    expect(faultOf(Buffer.from(DOCUMENT, 'utf16le'))).toContain('UTF-16 without a byte order mark');
    expect(faultOf(Buffer.from(DOCUMENT, 'utf16le').swap16())).toContain('UTF-16 without a byte order mark');
  });
});

describe('a body with content after its document', () => {
  it.each([
    ['\0', 'a NUL (U+0000) follows the document'],
    ['\r\n\0\0\0', 'a NUL (U+0000) follows the document'],
    ['"', 'a quote follows the document: was the XML serialized as a JSON string?'],
    ['\uFEFF', 'a byte order mark (U+FEFF) follows the document'],
    ['\u00A0', 'a no-break space (U+00A0) follows the document'],
    ['\x1A', 'a control character (U+001A) follows the document'],
    ['\u200B', 'an invisible character (U+200B, zero width space) follows the document'],
    ['.', 'text outside the root element'],
  ])('gets a fault that names it: %j', (behind, what) => {
    const place = behind.startsWith('\r\n') ? 'line 3, column 1' : END;
    expect(faultOf(DOCUMENT + behind)).toBe(`MALFORMED_XML: ${place}: ${what}`);
  });

  it('gets a fault that names a second document', () => {
    expect(faultOf(DOCUMENT + DOCUMENT)).toContain('a second document; one message holds one');
  });
});
