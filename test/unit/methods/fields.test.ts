import fc from 'fast-check';
import { expect, test } from 'vitest';

import { email, identifier, personName, phoneNumber, positiveInteger } from '../../../src/methods/fields.ts';
import type { ElementReader } from '../../../src/methods/elements.ts';
import { anyCharacter, element } from './request-elements.ts';

function read(reader: ElementReader<unknown>, text: string): unknown {
  const parsed = reader(element('field', text));
  return parsed.ok ? parsed.value : parsed.faults.map(({ message }) => message);
}

test.each([
  ['1', 1],
  ['42', 42],
  [' \t\r\n7\n', 7],
  ['2147483648', 2_147_483_648],
  ['9007199254740991', 9_007_199_254_740_991],
])('the number %j is read', (text, value) => {
  expect(read(identifier, text)).toBe(value);
});

const NO_IDENTIFIER = 'field is not an integer from 1 to 9007199254740991';

test.each(
  [
    ['0', '-1', '0x1F', 'NaN', 'Infinity', 'abc', '1a'],
    ['9007199254740992', '9007199254740993', '10000000000000000', '9'.repeat(400)],
  ].flat(),
)('%j is not a contact_id or client_id', (text) => {
  expect(read(identifier, text)).toEqual([NO_IDENTIFIER]);
});

test.each(
  [
    ['+1', '007', '00', '-01', '+9007199254740991', '1.0', '1.5', '1e3', '1E+3'],
    ['1 000', '1,000', '1.000.000', '1_000', "1'000", '1\u00A0000', '1\u202F000', '１', '١', '1١'],
  ].flat(),
)('the number %j gets a hint on its spelling', (text) => {
  expect(read(identifier, text)).toEqual([
    `${NO_IDENTIFIER}; digits 0 to 9 only: no sign, no leading zeros, no decimal point, no separators`,
  ]);
});

test.each([
  [identifier, '\u00A01', `${NO_IDENTIFIER}; it has a no-break space (U+00A0)`],
  [identifier, '\uFEFF1', `${NO_IDENTIFIER}; it has an invisible character (U+FEFF, byte order mark)`],
  [identifier, '1\u0000', `${NO_IDENTIFIER}; it has a NUL (U+0000)`],
  [email, '\u200Bjane@doe.example', 'an invisible character (U+200B, zero width space)'],
  [email, 'jane@doe.example\u00A0', 'a no-break space (U+00A0)'],
  [email, 'jane\u202E@doe.example', 'an invisible character (U+202E)'],
  [email, 'نامه\u200Cای', undefined],
] as const)('a fault names characters that the sender may not see', (reader, text, what) => {
  const plain = 'field is not one plausible e-mail address';
  const message = what?.startsWith('field') ? what : `${plain}${what === undefined ? '' : `; it has ${what}`}`;
  expect(read(reader, text)).toEqual([message]);
});

test('every number in range is read, and no other', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.integer({ min: 1, max: 2_000 }), (number, most) => {
      const expected = number >= 1 && number <= most ? number : [`field is not an integer from 1 to ${most}`];
      expect(read(positiveInteger(most), String(number))).toEqual(expected);
    }),
  );
});

test.each(['', ' ', '\n\t\r '])('%j is empty for every mandatory field', (text) => {
  for (const reader of [identifier, personName, email]) expect(read(reader, text)).toEqual(['field is empty']);
});

test('a phone may be empty or white space', () => {
  expect(read(phoneNumber, '')).toBe('');
  expect(read(phoneNumber, ' \n ')).toBe('');
});

test.each([
  ['a name', personName, 255],
  ['a phone', phoneNumber, 64],
] as const)('the length of %s is counted in characters, not in bytes or code units', (_, reader, most) => {
  for (const character of ['x', 'ß', '漢', '😀']) {
    expect(read(reader, character.repeat(most))).toBe(character.repeat(most));
    expect(read(reader, character.repeat(most + 1))).toEqual([`field is longer than ${most} characters`]);
  }
  const inTheMiddle = `a${' '.repeat(most - 2)}b`;
  expect(read(reader, `  ${inTheMiddle}\n`)).toBe(inTheMiddle);
});

test('an address has 3 to 254 characters', () => {
  const domain = `@${'d'.repeat(63)}.example`;
  const longest = 'é'.repeat(254 - domain.length) + domain;
  expect(read(email, 'a@b')).toBe('a@b');
  expect(read(email, 'a@')).toEqual(['field is shorter than 3 characters']);
  expect(read(email, longest)).toBe(longest);
  expect(read(email, `x${longest}`)).toEqual(['field is longer than 254 characters']);
  expect(read(email, 'jane')).toEqual(['field is not one plausible e-mail address']);
});

test('any legal text is kept unchanged, except white space at its ends', () => {
  const text = fc
    .string({ unit: anyCharacter, minLength: 1, maxLength: 60 })
    .filter((value) => /[^ \t\r\n]/.test(value));
  fc.assert(
    fc.property(text, (value) => {
      const kept = value.replace(/^[ \t\r\n]+/, '').replace(/[ \t\r\n]+$/, '');
      expect(read(personName, value)).toBe(kept);
      expect(read(phoneNumber, value)).toBe(kept);
    }),
  );
  expect(read(personName, '\u00a0')).toBe('\u00a0');
  expect(read(personName, 'e\u0301')).not.toBe('é');
});

test('a message never quotes the value', () => {
  for (const reader of [identifier, personName, email, phoneNumber]) {
    expect(JSON.stringify(read(reader, 'secret '.repeat(100)))).not.toContain('secret');
  }
});
