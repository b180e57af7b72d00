import { expect, test } from 'vitest';

import { openReader } from '../../../src/cli/formats/open.ts';
import type { FileFormat } from '../../../src/cli/options.ts';
import { decodedText } from '../../../src/cli/formats/text.ts';
import type { RowReader } from '../../../src/cli/formats/row.ts';

/** More than is read at once to find the format and the delimiter. */
const ROWS = 5_000;
const HEAD = 'first_name,last_name,email\n';

interface Reading {
  readonly rows: number;
  readonly failure: string;
}

/** How many rows come before the failure, and its message. */
async function readingOf(reader: RowReader): Promise<Reading> {
  let rows = 0;
  try {
    for await (const _ of reader.rows()) rows += 1;
    return { rows, failure: '' };
  } catch (error) {
    return { rows, failure: String(error) };
  }
}

async function* bytes(content: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
}

async function read(content: Buffer, format: FileFormat, size = 16_384): Promise<Reading> {
  const text = decodedText(bytes(content, size), 'utf-8');
  return readingOf(await openReader(text, { name: 'x', format, mapping: new Map(), warn: () => undefined }));
}

const WRITERS: Readonly<Record<FileFormat, (name: string) => string>> = {
  csv: (name) => `${name},Doe,j@example.org\n`,
  vcf: (name) => `BEGIN:VCARD\nVERSION:3.0\nN:Doe;${name}\nEND:VCARD\n`,
  xml: (name) => `<contact><first_name>${name}</first_name></contact>\n`,
  ndjson: (name) => `${JSON.stringify({ first_name: name })}\n`,
};
const HEADS: Partial<Record<FileFormat, string>> = { csv: HEAD, xml: '<c>' };

/** A file of good rows, then `broken`, then more rows. */
function fileOf(format: FileFormat, broken: string | Buffer): Buffer {
  const rows = Array.from({ length: ROWS }, (_, i) => WRITERS[format](`Jane ${i}`)).join('');
  return Buffer.concat([Buffer.from((HEADS[format] ?? '') + rows), Buffer.from(broken), Buffer.from(rows)]);
}

test.each([
  ['csv', 'Joe "Jim",Doe,x\n', 'a quote where none belongs'],
  ['vcf', 'nonsense\n', 'text outside a card'],
  ['xml', '<contact></c>', 'not well-formed'],
] as const)('a %s file that breaks off yields all rows before', async (format, broken, words) => {
  for (const size of [100, 16_384, 1_000_000]) {
    const { rows, failure } = await read(fileOf(format, broken), format, size);
    expect({ size, rows }).toEqual({ size, rows: ROWS });
    expect(failure).toContain(words);
  }
});

test('a quote that is never closed yields all rows before', async () => {
  const { rows, failure } = await read(fileOf('csv', '"Joe,Doe,x\n').subarray(0, 150_000), 'csv');
  expect(rows).toBe(ROWS);
  expect(failure).toContain('a quote is not closed');
});

test.each(['csv', 'vcf', 'xml', 'ndjson'] as const)(
  'bytes of another encoding in a %s file yield all rows before them',
  async (format) => {
    const broken = Buffer.from(WRITERS[format]('José'), 'latin1');
    for (const size of [100, 16_384]) {
      const { rows, failure } = await read(fileOf(format, broken), format, size);
      expect({ size, rows }).toEqual({ size, rows: ROWS });
      expect(failure).toContain('it is not utf-8');
    }
  },
);

test('text before wrong bytes is whole, also where a character is in two parts', async () => {
  const parts = [Buffer.from([0x61, 0xe2, 0x82]), Buffer.from([0xac, 0x62, 0xff, 0x63])];
  async function* source(): AsyncGenerator<Buffer> {
    yield* parts;
  }
  const texts: string[] = [];
  const reading = (async () => {
    for await (const text of decodedText(source(), 'utf-8')) texts.push(text);
  })();
  await expect(reading).rejects.toThrow('it is not utf-8 near byte');
  expect(texts.join('')).toBe('a€b');
});
