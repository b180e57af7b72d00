import fc from 'fast-check';

import { node, type Node } from './rendering.ts';

/**
 * Any character that XML 1.0 allows, those with a meaning of their own more often; joiners are left
 * out (see exceptions.test.ts).
 */
const legalCharacter: fc.Arbitrary<string> = fc
  .oneof(
    { weight: 3, arbitrary: fc.integer({ min: 0x20, max: 0x7e }) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(0x09, 0x0a, 0x0d, 0x20, 0x85, 0xa0, 0xad, 0x200b, 0x2060, 0xfeff, 0x1f600),
    },
    {
      weight: 2,
      arbitrary: fc.integer({ min: 0xa1, max: 0xd7ff }).filter((code) => code !== 0x200c && code !== 0x200d),
    },
    { weight: 1, arbitrary: fc.integer({ min: 0xe000, max: 0xfffd }) },
    { weight: 1, arbitrary: fc.integer({ min: 0x10000, max: 0x10ffff }) },
  )
  .map((code) => String.fromCodePoint(code));

const someCharacters = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.array(legalCharacter, { minLength, maxLength }).map((characters) => characters.join(''));

const whiteSpace = fc.array(fc.constantFrom(' ', '\t', '\n', '\r'), { maxLength: 3 }).map((some) => some.join(''));

const padded = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(whiteSpace, text, whiteSpace).map((parts) => parts.join(''));

/** Exactly as many characters, of one kind and with white space among them. */
const long = (...lengths: readonly number[]): fc.Arbitrary<string> =>
  fc
    .tuple(fc.constantFrom(...lengths), fc.constantFrom('x', 'é', '😀', 'x y', 'x\n'))
    .map(([length, unit]) => [...`x${unit.repeat(length)}`].slice(0, length - 1).join('') + (length > 0 ? 'z' : ''));

const MAX = Number.MAX_SAFE_INTEGER;
const integer = (most: number): fc.Arbitrary<string> =>
  padded(fc.oneof(fc.integer({ min: 1, max: most }), fc.constantFrom(1, most)).map(String));

const anyInteger = fc.oneof(
  padded(
    fc.constantFrom('0', '01', '-1', '+1', '1.0', '1e3', '1 2', '१', '１', '0x1', '1_000', '', '٣', 'one', '1\u00a0'),
  ),
  fc.constantFrom('1000', '1001', '2147483647', '2147483648', String(MAX), '9007199254740992', '9999999999999999'),
  fc.constantFrom('10000000000000000', '9223372036854775808', '9'.repeat(300), 'NaN', 'INF'),
  someCharacters(0, 4),
);

const hostCharacter = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...'abz09-_.') },
  { weight: 1, arbitrary: fc.constantFrom('é', '例', '😀', '\u0600', '\u3164') },
);
const host = fc.array(hostCharacter, { minLength: 1, maxLength: 9 }).map((characters) => characters.join(''));
const labels = (length: number, times: number): string =>
  Array.from({ length: times }, () => 'b'.repeat(length)).join('.');

const goodAddress = padded(
  fc.oneof(
    fc.constantFrom(
      'a@b',
      'root@localhost',
      'jane.doe+x@a-b.example',
      'ü.é@例え.テスト',
      '😀@_a.b',
      "o'neil!#$%&*@x--y.z",
    ),
    fc.constantFrom(
      `a@${labels(63, 3)}`,
      `${'é'.repeat(64)}@${'é'.repeat(63)}.b`,
      `a@${labels(1, 126)}`,
      `${'l'.repeat(252)}@b`,
    ),
  ),
);

const anyAddress = fc.oneof(
  padded(fc.tuple(someCharacters(0, 5), fc.constantFrom('@', '@', '@@', ''), host).map((parts) => parts.join(''))),
  fc.constantFrom(
    '',
    ' ',
    'a@',
    '@b',
    'a@b@c',
    'a b@c.d',
    'Jane <a@b.c>',
    '"a"@b.c',
    'a@b.c, d@e.f',
    'a@[1.2.3.4]',
    'a@b.',
  ),
  fc.constantFrom(
    `a@${labels(64, 1)}`,
    `a@${labels(1, 127)}`,
    `${'l'.repeat(253)}@b`,
    'a@-b',
    'a@b-',
    'a@b.-c.d',
    'a\u200b@b.c',
  ),
  fc
    .tuple(fc.constantFrom('ab@c.d', 'a@bc.d'), fc.integer({ min: 0, max: 6 }), legalCharacter)
    .map(([address, at, odd]) => address.slice(0, at) + odd + address.slice(at)),
);

/** The values of a field: those that its rule allows, and any, of which few are allowed. */
interface Values {
  readonly good: fc.Arbitrary<string>;
  readonly any: fc.Arbitrary<string>;
}

const identifier: Values = { good: integer(MAX), any: anyInteger };
const visible = someCharacters(0, 8).map((text) => `${text}x`);
const personName: Values = {
  good: fc.oneof(padded(visible), padded(long(1, 254, 255))),
  any: fc.oneof(padded(long(0, 255, 256, 257)), someCharacters(0, 3), whiteSpace),
};
const phone: Values = {
  good: fc.oneof(fc.constant(''), whiteSpace, padded(visible), padded(long(1, 63, 64))),
  any: fc.oneof(padded(long(64, 65, 66, 300)), someCharacters(0, 3)),
};
const email: Values = { good: goodAddress, any: anyAddress };

const FIELDS: ReadonlyMap<string, Values> = new Map(
  Object.entries({
    contact_id: identifier,
    client_id: identifier,
    first_name: personName,
    last_name: personName,
    email,
    phone,
    mobile_phone: phone,
    page: identifier,
    per_page: { good: integer(1000), any: anyInteger },
  }),
);

/** The fields of each method's request, those that must be there and those that may. */
const REQUESTS = {
  'contact.create': {
    inContact: true,
    must: ['client_id', 'first_name', 'last_name', 'email'],
    may: ['phone', 'mobile_phone'],
  },
  'contact.update': {
    inContact: true,
    must: ['contact_id'],
    may: ['client_id', 'first_name', 'last_name', 'email', 'phone', 'mobile_phone'],
  },
  'contact.get': { inContact: false, must: ['contact_id'], may: [] },
  'contact.delete': { inContact: false, must: ['contact_id'], may: [] },
  'contact.list': { inContact: false, must: [], may: ['client_id', 'email', 'page', 'per_page'] },
} as const;

export type MethodName = keyof typeof REQUESTS;
export const METHOD_NAMES = Object.keys(REQUESTS) as readonly MethodName[];

/** Any request that is right, its fields in any order. */
export function goodRequest(method: MethodName): fc.Arbitrary<Node> {
  const { inContact, must, may } = REQUESTS[method];
  return fc
    .subarray([...may])
    .map((chosen) => [...must, ...chosen])
    .chain((names) => fc.shuffledSubarray(names, { minLength: names.length }))
    .chain((names) => fc.tuple(...names.map((name) => valuesOf(name).good.map((text) => node(name, [text])))))
    .chain((fields) => {
      const content = inContact ? [node('contact', fields)] : fields;
      return padded(fc.constant(method)).map((name) => node('request', content, [['method', name]]));
    });
}

/** The values of a field; of an element that is none, those of a name. */
export function valuesOf(field: string): Values {
  return FIELDS.get(field) ?? personName;
}

export const anyText = someCharacters(1, 4);
