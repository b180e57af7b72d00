import fc from 'fast-check';
import { expect, test } from 'vitest';

import { group, mandatory, membersReader, optional } from '../../../src/methods/elements.ts';
import { personName, phoneNumber, positiveInteger } from '../../../src/methods/fields.ts';
import { element, elements } from './request-elements.ts';

const read = membersReader({
  number: mandatory(positiveInteger(9)),
  name: mandatory(personName),
  phone: optional(phoneNumber),
});

function messages(parsed: ReturnType<typeof read>): string[] {
  return parsed.ok ? [] : parsed.faults.map(({ message }) => message);
}

test('elements are read in any order', () => {
  const fields = elements([
    ['number', '3'],
    ['name', 'Jane'],
    ['phone', '1'],
  ]);
  fc.assert(
    fc.property(fc.shuffledSubarray(fields, { minLength: 3 }), (shuffled) => {
      expect(read(shuffled)).toEqual({ ok: true, value: { number: 3, name: 'Jane', phone: '1' } });
    }),
  );
});

test('an absent optional element has no property, and an empty one has empty text', () => {
  const needed = elements([
    ['number', '3'],
    ['name', 'Jane'],
  ]);
  expect(read(needed)).toEqual({ ok: true, value: { number: 3, name: 'Jane' } });
  expect(read([...needed, element('phone')])).toEqual({ ok: true, value: { number: 3, name: 'Jane', phone: '' } });
});

test('all problems are reported: those in the document first, then missing elements in the order of the table', () => {
  const parsed = read([element('zip', '1'), element('phone', 'x'.repeat(65)), element('phone', '1'), element('zap')]);
  expect(messages(parsed)).toEqual([
    'zip is not known here',
    'phone is longer than 64 characters',
    'phone appears more than once',
    'zap is not known here',
    'number is missing',
    'name is missing',
  ]);
});

test('an element that appears three times is reported once, known or unknown', () => {
  const parsed = read([
    ...elements([
      ['number', '3'],
      ['number', '4'],
      ['name', 'Jane'],
      ['number', '5'],
    ]),
    ...[1, 2, 3].map(() => element('zip')),
  ]);
  expect(messages(parsed)).toEqual([
    'number appears more than once',
    'zip is not known here',
    'zip appears more than once',
  ]);
});

test('attributes, elements in a text field and a bad value are reported together, per element', () => {
  const attributes = [['id', 'secret']] as const;
  const parsed = read([
    { ...element('number', 'secret'), attributes },
    { ...element('name', [element('b', 'secret')]), text: 'secret' },
    { ...element('phone', '1'), attributes: [...attributes, ['x', 'y']] },
  ]);
  expect(messages(parsed)).toEqual([
    'number has attributes where none are allowed: id',
    'number is not an integer from 1 to 9',
    'name contains elements where only text is allowed',
    'phone has attributes where none are allowed: id, x',
  ]);
});

test('a group rejects attributes and text beside its elements, and still reports the problems of its elements', () => {
  const readGroup = group({ name: mandatory(personName) });
  const fine = element('contact', elements([['name', 'Jane']]));
  expect(readGroup(fine)).toEqual({ ok: true, value: { name: 'Jane' } });
  expect(readGroup({ ...fine, text: ' stray ' })).toMatchObject({
    faults: [{ field: 'contact', message: 'contact contains text beside its elements' }],
  });
  expect(readGroup({ ...element('contact', []), text: '\u00a0', attributes: [['a', 'b']] })).toMatchObject({
    faults: [{ field: 'contact' }, { field: 'contact' }, { field: 'name', message: 'name is missing' }],
  });
});

test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'])(
  '%s is a name like any other',
  (name) => {
    const parsed = read([
      element(name, 'x'),
      ...elements([
        ['number', '3'],
        ['name', 'Jane'],
      ]),
    ]);
    expect(parsed).toEqual({
      ok: false,
      faults: [{ code: 'INVALID_PARAMS', field: name, message: `${name} is not known here` }],
    });
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  },
);

test('message and field quote only the start of a long name, in whole characters', () => {
  const name = '𐐀'.repeat(100);
  const parsed = read([element(name)]);
  expect(parsed.ok ? undefined : parsed.faults[0]).toEqual({
    code: 'INVALID_PARAMS',
    field: `${'𐐀'.repeat(64)}…`,
    message: `${'𐐀'.repeat(64)}… is not known here`,
  });
});

test.each([
  ['c:client', 'c:client is not known here; namespaces are not read: leave out xmlns attributes and prefixes'],
  ['con\uFEFFtact', 'con[U+FEFF]tact is not known here'],
])('the name %j is quoted so that its sender sees the problem', (name, message) => {
  expect(messages(read([element(name)]))[0]).toBe(message);
});

test.each([
  [[['xmlns', 'urn:x']], 'xmlns; namespaces are not read: leave out xmlns attributes and prefixes'],
  [[['xsi:nil', 'true']], 'xsi:nil; namespaces are not read: leave out xmlns attributes and prefixes'],
  [
    [
      ['a', ''],
      ['b', ''],
      ['c', ''],
      ['d', ''],
      ['e', ''],
    ],
    'a, b, c and 2 more',
  ],
  [[['a'.repeat(70), '']], `${'a'.repeat(64)}…`],
] as const)('the attributes %j are named', (attributes, named) => {
  const message = messages(read([{ ...element('phone'), attributes }]))[0];
  expect(message).toBe(`phone has attributes where none are allowed: ${named}`);
});

test.each([
  ['\n \u00A0', 'a no-break space (U+00A0)'],
  ['\uFEFF', 'an invisible character (U+FEFF, byte order mark)'],
  ['\u3000x', 'white space that XML does not know (U+3000)'],
])('invisible text beside elements is named: %j', (text, what) => {
  const parsed = group({})({ ...element('contact', []), text });
  expect(parsed).toMatchObject({
    faults: [{ message: `contact contains text beside its elements; the text begins with ${what}` }],
  });
});

test('any request is accepted only if it is valid, and each problem names its element', () => {
  const name = fc.oneof(fc.constantFrom('number', 'name', 'phone', '__proto__'), fc.string({ minLength: 1 }));
  const leaf = fc.record({
    name,
    attributes: fc.array(fc.tuple(fc.string(), fc.string()), { maxLength: 1 }),
    children: fc.constant([]),
    text: fc.oneof(fc.constantFrom('1', 'Jane', ''), fc.string()),
  });
  fc.assert(
    fc.property(fc.array(fc.record({ ...leafShape(leaf), children: fc.array(leaf, { maxLength: 1 }) })), (body) => {
      const parsed = read(body);
      if (parsed.ok) {
        expect(new Set(body.map((one) => one.name)).size).toBe(body.length);
        expect(parsed.value.number).toBeGreaterThanOrEqual(1);
        expect(parsed.value.name).not.toBe('');
      } else {
        const names = new Set([...body.map((one) => one.name), 'number', 'name']);
        for (const { field } of parsed.faults) expect(names).toContain(field);
      }
    }),
  );

  function leafShape(of: typeof leaf): {
    name: typeof name;
    attributes: fc.Arbitrary<[string, string][]>;
    text: fc.Arbitrary<string>;
  } {
    return { name, attributes: of.map((one) => one.attributes), text: of.map((one) => one.text) };
  }
});
