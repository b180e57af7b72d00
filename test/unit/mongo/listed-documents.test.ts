import fc from 'fast-check';
import { BSON, Decimal128, Double, Int32, Long, ObjectId, type Document } from 'mongodb';
import { expect, test, vi } from 'vitest';

import { ItemDefectError } from '../../../src/contacts/repository.ts';
import { readListed } from '../../../src/mongo/listed-documents.ts';
import { contactOf } from '../../../src/mongo/stored-contact.ts';

const USUAL = {
  _id: 7,
  client_id: 3,
  first_name: 'Inès',
  last_name: '漢字 😀',
  email: 'i@n.example',
  phone: '',
  mobile_phone: 'x'.repeat(300),
  page: 0,
};

const text = fc.string({ unit: 'binary-ascii' });
const anyText = fc.oneof(text, fc.string({ unit: 'grapheme' }), fc.constantFrom('\uFFFD', '\0', 'a\0b', '\u0080'));
const usualNumber = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.maxSafeInteger().map((number) => Long.fromNumber(number)),
);
const value = fc.oneof(
  { arbitrary: anyText, weight: 4 },
  { arbitrary: usualNumber, weight: 4 },
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((big) => Long.fromBigInt(big)),
  fc.integer().map((number) => new Double(number)),
  fc.constantFrom<unknown>(null, true, [1, 'a'], { a: 1 }, new Date(0), new ObjectId(), Decimal128.fromString('1.5')),
);
const fields = fc.array(fc.tuple(fc.constantFrom(...Object.keys(USUAL), 'other', '_i'), value), { maxLength: 9 });

const generally = (bytes: Uint8Array): Document => BSON.deserialize(bytes);
/** An absent field and one that is `undefined` mean the same. */
const given = (document: object): Document =>
  Object.fromEntries(Object.entries(document).filter(([, one]) => one !== undefined));

test('any document is read as the general reader does it', () => {
  fc.assert(
    fc.property(fields, (entries) => {
      const bytes = Buffer.from(BSON.serialize(Object.fromEntries(entries)));
      expect(given(readListed(bytes))).toEqual(generally(bytes));
    }),
    { numRuns: 2_000 },
  );
});

test('what the worker stores is read without the general reader', () => {
  const general = vi.fn<(bytes: Uint8Array) => Document>(generally);
  const reordered = Object.fromEntries(Object.entries(USUAL).toReversed());
  for (const document of [USUAL, reordered, { ...USUAL, _id: new Int32(9), client_id: Long.fromNumber(2 ** 40) }])
    readListed(Buffer.from(BSON.serialize(document)), general);
  expect(general).not.toHaveBeenCalled();
  readListed(Buffer.from(BSON.serialize({ ...USUAL, phone: null })), general);
  expect(general).toHaveBeenCalledTimes(1);
});

test.each(['first_name', 'phone'] as const)(
  'a %s that is not UTF-8 is a defect of its document, and costs the others of its page nothing',
  (field) => {
    const bytes = Buffer.from(BSON.serialize({ ...USUAL, [field]: 'Zoë' }));
    bytes[bytes.indexOf('Zoë') + 2] = 0xff;
    const found = readListed(bytes);
    expect(found).toEqual({ ...USUAL, [field]: expect.any(Symbol) as unknown });
    expect(contactOf(found)).toEqual(
      new ItemDefectError(`the document of contact 7 is no contact: ${field} is missing, of another type or not UTF-8`),
    );
  },
);

test('bytes that are no BSON are an error', () => {
  const bytes = Buffer.from(BSON.serialize(USUAL));
  expect(() => readListed(bytes.subarray(0, -1))).toThrow(/BSON|bson/);
  fc.assert(
    fc.property(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 }), (at, byte) => {
      const changed = Buffer.from(bytes);
      changed[at] = byte;
      const outcome = (read: (from: Buffer) => object): unknown => {
        try {
          return given(read(changed));
        } catch {
          return 'an error';
        }
      };
      // What the general reader refuses may be read where only unused bytes are wrong.
      const expected = outcome(generally);
      if (expected !== 'an error') expect(outcome(readListed)).toEqual(expected);
    }),
    { numRuns: 3_000 },
  );
});
