import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Contact } from '../../../src/client/index.ts';
import type { Row } from '../../../src/cli/formats/row.ts';
import { decodedText } from '../../../src/cli/formats/text.ts';
import { writerOf } from '../../../src/cli/formats/write.ts';
import { FILE_FORMATS } from '../../../src/cli/options.ts';
import { allRows, openText, rowsOf } from './reading.ts';

/** Text that XML allows, without white space at its ends, as the worker stores it. */
const text = (maxLength: number) =>
  fc
    .string({ unit: 'binary', maxLength })
    .map((any) =>
      any
        .replace(/[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '')
        .replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, ''),
    );

const hardText = (maxLength: number) =>
  fc.oneof(
    text(maxLength),
    fc
      .array(fc.constantFrom(',', ';', '\t', '"', "'", '\\', '\n', '\r', ':', '=', '&', '<', 'a', ' b'), {
        maxLength: 20,
      })
      .map((some) => some.join('').replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '')),
  );

const contact: fc.Arbitrary<Contact> = fc.record({
  contactId: fc.integer({ min: 1 }),
  firstName: hardText(40).filter((name) => name !== ''),
  lastName: hardText(40).filter((name) => name !== ''),
  email: fc.emailAddress(),
  phone: hardText(30),
  mobilePhone: hardText(30),
});

describe.each(FILE_FORMATS)('%s', (format) => {
  test('what is written is read again, every field as it was', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(contact, { maxLength: 5 }), fc.integer({ min: 1 }), async (contacts, clientId) => {
        const writer = await writerOf(format, clientId);
        const file = writer.head + contacts.map(writer.contact).join('') + writer.tail;
        const rows = await rowsOf(file, { format });
        const read = rows.map((row) => Object.fromEntries(row.fields.filter(([, value]) => value !== '')));
        expect(read).toEqual(
          contacts.map(({ firstName, lastName, email, phone, mobilePhone }) => ({
            client_id: String(clientId),
            first_name: firstName,
            last_name: lastName,
            email,
            ...(phone !== '' && { phone }),
            ...(mobilePhone !== '' && { mobile_phone: mobilePhone }),
          })),
        );
      }),
      { numRuns: 300 },
    );
  });

  test('a rejected row is read again with its values, and its reason is ignored', async () => {
    await fc.assert(
      fc.asyncProperty(contact, hardText(60), async (one, reason) => {
        const writer = await writerOf(format, 7);
        const reader = await openText(writer.head + writer.contact(one) + writer.tail, { format });
        const [row] = await allRows(reader);
        const again = reader.head() + reader.rejected(row!.source, reason) + reader.tail;
        const second = await openText(again, { format });
        const [rejected] = await allRows(second);
        const filled = (fields: Row['fields'] = []) => fields.filter(([, value]) => value !== '');
        expect(filled(rejected?.fields)).toEqual(filled(row?.fields));
        expect(again.includes('rejected_because') || again.includes('X-REJECTED-BECAUSE')).toBe(true);
        const twice = second.head() + second.rejected(rejected!.source, 'another') + second.tail;
        expect(twice.match(/rejected.because/gi)).toHaveLength(again.match(/rejected.because/gi)!.length);
      }),
      { numRuns: 100 },
    );
  });
});

describe('encodings', () => {
  async function* bytes(...values: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
    yield* values;
  }
  const decoded = async (encoding: string, ...values: readonly Uint8Array[]): Promise<string> => {
    let whole = '';
    for await (const part of decodedText(bytes(...values), encoding)) whole += part;
    return whole;
  };

  test('a byte order mark is dropped and tells UTF-16', async () => {
    expect(await decoded('utf-8', Buffer.from('\uFEFFa'))).toBe('a');
    expect(await decoded('utf-8', Buffer.from('\uFEFFä', 'utf16le'))).toBe('ä');
  });

  test('a character may be cut between two parts', async () => {
    expect(await decoded('utf-8', Buffer.from([0xc3]), Buffer.from([0xa4]))).toBe('ä');
  });

  test('what is not in the encoding is refused, with what to do', async () => {
    await expect(decoded('utf-8', Buffer.from([0x61, 0xe4, 0x61]))).rejects.toThrow('--encoding');
    expect(await decoded('windows-1252', Buffer.from([0x61, 0xe4]))).toBe('aä');
  });
});
