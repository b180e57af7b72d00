import { describe, expect, it } from 'vitest';
import { decode } from '../../../src/codec/decode.ts';
import { parseDocument } from '../../../src/codec/document.ts';

const UTF8_MARK = [0xef, 0xbb, 0xbf];
const LE_MARK = [0xff, 0xfe];
const BE_MARK = [0xfe, 0xff];

function declared(name: string, text = 'é'): string {
  return `<?xml version="1.0" encoding="${name}"?><a>${text}</a>`;
}

function bytes(mark: readonly number[], text: string, encoding: BufferEncoding): Buffer {
  return Buffer.concat([Buffer.from(mark), Buffer.from(text, encoding)]);
}

function utf16be(mark: readonly number[], text: string): Buffer {
  return Buffer.concat([Buffer.from(mark), Buffer.from(text, 'utf16le').swap16()]);
}

function textOf(body: Uint8Array): string {
  const parsed = parseDocument(body);
  return parsed.ok ? parsed.root.text : `${parsed.fault.code}: ${parsed.fault.message}`;
}

const HIGH_BYTES = Array.from({ length: 0x20 }, (_, i) => 0x80 + i);

describe('an encoding', () => {
  it.each<[string, Buffer]>([
    ['UTF-8, neither marked nor declared', bytes([], '<a>é</a>', 'utf8')],
    ['UTF-8 by its mark', bytes(UTF8_MARK, '<a>é</a>', 'utf8')],
    ['UTF-8 by its declaration', bytes([], declared('UTF-8'), 'utf8')],
    ['UTF-8 by both, the name in lower case', bytes(UTF8_MARK, declared('utf-8'), 'utf8')],
    [
      'UTF-8, declared in single quotes among white space',
      bytes([], declared('x').replace(/ encoding.*\?/, "\n encoding = 'UTF-8' ?"), 'utf8'),
    ],
    ['UTF-16 little-endian by its mark', bytes(LE_MARK, '<a>é</a>', 'utf16le')],
    ['UTF-16 little-endian, declared', bytes(LE_MARK, declared('UTF-16'), 'utf16le')],
    ['UTF-16 little-endian, declared with its order', bytes(LE_MARK, declared('UTF-16LE'), 'utf16le')],
    ['UTF-16 big-endian by its mark', utf16be(BE_MARK, '<a>é</a>')],
    ['UTF-16 big-endian, declared', utf16be(BE_MARK, declared('utf-16'))],
    ['ISO-8859-1', bytes([], declared('ISO-8859-1'), 'latin1')],
    ['ISO-8859-1 as latin1', bytes([], declared('latin1'), 'latin1')],
    ['windows-1252', bytes([], declared('windows-1252'), 'latin1')],
    ['windows-1252 as CP1252', bytes([], declared('CP1252'), 'latin1')],
    ['US-ASCII with a reference', bytes([], declared('US-ASCII', '&#233;'), 'latin1')],
  ])('is decoded: %s', (_, body) => {
    expect(textOf(body)).toBe('é');
  });

  it('ISO-8859-1 maps every byte to the character with that number, including 0x80 to 0x9F', () => {
    const all = String.fromCharCode(...HIGH_BYTES, 0xa0, 0xff);
    expect(textOf(bytes([], declared('ISO-8859-1', all), 'latin1'))).toBe(all);
  });

  it('windows-1252 has its own characters from 0x80 to 0x9F, five of them undefined', () => {
    const read = HIGH_BYTES.map((byte) =>
      textOf(bytes([], declared('windows-1252', String.fromCharCode(byte)), 'latin1')),
    );
    const undecodable = 'MALFORMED_XML: line 1, column 49: bytes that are not windows-1252';
    const missing = new Set([0x81, 0x8d, 0x8f, 0x90, 0x9d]);
    const characters = Array.from('€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ');
    expect(read).toEqual(HIGH_BYTES.map((byte) => (missing.has(byte) ? undecodable : characters.shift())));
  });

  it.each<[string, Buffer, string]>([
    ['a lone continuation byte', Buffer.from('<a>é\n</a>\x80', 'latin1'), 'line 1, column 4: bytes that are not UTF-8'],
    [
      'a UTF-8 surrogate',
      Buffer.from('<a>\n\xed\xa0\x80</a>', 'latin1'),
      'line 2, column 1: bytes that are not UTF-8: half of a surrogate pair, as CESU-8 and modified UTF-8 (Java) have it; UTF-8 writes the character as one',
    ],
    ['an overlong form', Buffer.from('<a>\xc0\xbc</a>', 'latin1'), 'line 1, column 4: bytes that are not UTF-8'],
    [
      'a character cut off at the end',
      bytes([], '<a>\uFFFDé', 'utf8').subarray(0, -1),
      'line 1, column 5: bytes that are not UTF-8',
    ],
    [
      'Latin-1 behind a UTF-8 mark',
      bytes(UTF8_MARK, '<a>é</a>', 'latin1'),
      'line 1, column 4: bytes that are not UTF-8',
    ],
    [
      'more than ASCII in US-ASCII',
      bytes([], declared('US-ASCII'), 'utf8'),
      'line 1, column 45: bytes that are not US-ASCII',
    ],
    [
      'an odd number of bytes in UTF-16',
      Buffer.concat([bytes(LE_MARK, '<a/>', 'utf16le'), Buffer.from([0x20])]),
      'line 1, column 5: the document ends within a UTF-16 character',
    ],
    [
      'a lone surrogate in UTF-16',
      bytes(LE_MARK, '<a>\ud800</a>', 'utf16le'),
      'line 1, column 4: bytes that are not UTF-16',
    ],
    ['two marks', bytes([...UTF8_MARK, ...UTF8_MARK], '<a/>', 'utf8'), 'line 1, column 1: a second byte order mark'],
    [
      'two marks in UTF-16',
      bytes([...LE_MARK, ...LE_MARK], '<a/>', 'utf16le'),
      'line 1, column 1: a second byte order mark',
    ],
  ])('that does not match the bytes is rejected: %s', (_, body, message) => {
    expect(parseDocument(body)).toEqual({ ok: false, fault: { code: 'MALFORMED_XML', message } });
  });

  it.each<[string, Buffer, string]>([
    ['UTF-8 marked, ISO-8859-1 declared', bytes(UTF8_MARK, declared('ISO-8859-1'), 'utf8'), 'UTF-8'],
    ['UTF-16 marked, UTF-8 declared', bytes(LE_MARK, declared('UTF-8'), 'utf16le'), 'UTF-16LE'],
    ['one order marked, the other declared', utf16be(BE_MARK, declared('UTF-16LE')), 'UTF-16BE'],
  ])('that contradicts the mark is rejected: %s', (_, body, marked) => {
    const message = `line 1, column 21: the declared encoding contradicts the byte order mark, which says ${marked}`;
    expect(parseDocument(body)).toEqual({ ok: false, fault: { code: 'MALFORMED_XML', message } });
  });

  it('UTF-16 declared by a string writer for text sent as UTF-8 gets a fault that says so', () => {
    const cause = 'a string writer, as in .NET or Java, declared it and the text was sent as UTF-8; declare UTF-8';
    for (const name of ['utf-16', 'UTF-16', 'UTF-16LE']) {
      expect(textOf(bytes([], declared(name), 'utf8'))).toBe(
        `UNSUPPORTED_ENCODING: the document declares UTF-16 and has no byte order mark, nor is it UTF-16: ${cause}; ` +
          'UTF-8, UTF-16 with a byte order mark, US-ASCII, ISO-8859-1 and windows-1252 are read',
      );
      expect(textOf(bytes(UTF8_MARK, declared(name), 'utf8'))).toBe(
        `MALFORMED_XML: line 1, column 21: the declared encoding contradicts the byte order mark, which says UTF-8: ${cause}`,
      );
    }
  });

  it.each<[string, Buffer]>([
    ['ISO-8859-15', bytes([], declared('ISO-8859-15'), 'latin1')],
    ['Shift_JIS', bytes([], declared('Shift_JIS', 'x'), 'latin1')],
    ['UTF-7', bytes([], declared('UTF-7', 'x'), 'latin1')],
    ['an unknown one behind a mark', bytes(LE_MARK, declared('klingon'), 'utf16le')],
    ['a name of an object property', bytes([], declared('constructor', 'x'), 'latin1')],
    ['UTF-16 declared without a mark', bytes([], declared('UTF-16', 'x'), 'latin1')],
    ['UTF-16LE declared without a mark', bytes([], declared('UTF-16LE', 'x'), 'latin1')],
    ['UTF-16 little-endian without a mark', bytes([], declared('UTF-16'), 'utf16le')],
    ['UTF-16 big-endian without a mark', utf16be([], declared('UTF-16'))],
    ['UTF-32 little-endian, marked', Buffer.from([0xff, 0xfe, 0, 0, 0x3c, 0, 0, 0])],
    ['UTF-32 big-endian, marked', Buffer.from([0, 0, 0xfe, 0xff, 0, 0, 0, 0x3c])],
    ['UTF-32 without a mark', Buffer.from([0, 0, 0, 0x3c, 0, 0, 0, 0x61])],
    ['EBCDIC', Buffer.from([0x4c, 0x6f, 0xa7, 0x94, 0x93])],
  ])('that is unsupported gets a fault that says so: %s', (_, body) => {
    const decoded = decode(body);
    expect(decoded).toMatchObject({ ok: false, fault: { code: 'UNSUPPORTED_ENCODING' } });
    expect(decoded).toHaveProperty('fault.message', expect.stringContaining('UTF-16 with a byte order mark'));
  });

  it('of a view into a larger buffer is decoded, and the buffer stays unchanged', () => {
    const whole = Buffer.concat([Buffer.from('xxx'), utf16be(BE_MARK, '<a>é</a>'), Buffer.from('yyy')]);
    const copy = Buffer.from(whole);
    expect(textOf(new Uint8Array(whole.buffer, whole.byteOffset + 3, whole.length - 6))).toBe('é');
    expect(whole).toEqual(copy);
  });
});
