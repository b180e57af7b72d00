import { describe, expect, test } from 'vitest';

import { asyncApiChanges } from '../../../scripts/schema/asyncapi-changes.ts';
import { xsdChanges } from '../../../scripts/schema/xsd-changes.ts';
import { readSchema } from '../../../src/schema.ts';

const XSD = readSchema('xsd');
const ASYNCAPI = readSchema('asyncapi');

/** A contract in which one thing is another. */
function edited(text: string, from: string | RegExp, to: string): string {
  const changed = text.replace(from, to);
  if (changed === text) throw new Error(`${String(from)} is not there`);
  return changed;
}

type Edit = readonly [what: string, from: string | RegExp, to: string, told: RegExp];
const inType = (type: string, rest: string): RegExp => new RegExp(`(?<=name="${type}">[^]*?)${rest}`);
const phone = '<xs:element name="phone" type="PhoneNumber" minOccurs="0"/>';

const BREAKING: readonly Edit[] = [
  [
    'an element of a request is removed',
    inType('ContactChanges', phone),
    '',
    /ContactChanges: the element phone is removed/,
  ],
  [
    'an optional element is mandatory',
    inType('NewContact', phone),
    phone.replace(' minOccurs="0"', ''),
    /NewContact.*phone.*1 to 1/,
  ],
  [
    'a new element is mandatory',
    inType('NewContact', phone),
    `${phone}<xs:element name="vat" type="PhoneNumber"/>`,
    /vat is new and mandatory/,
  ],
  [
    'an element has another type',
    inType('NewContact', phone),
    phone.replace('PhoneNumber', 'PersonName'),
    /phone has the type PersonName/,
  ],
  [
    'an upper bound is lower',
    '<xs:maxInclusive value="1000"/>',
    '<xs:maxInclusive value="500"/>',
    /PerPage: maxInclusive is 500, not 1000/,
  ],
  [
    'a lower bound is higher',
    '<xs:minInclusive value="1"/>',
    '<xs:minInclusive value="10"/>',
    /Id: minInclusive is 10, not 1/,
  ],
  ['a pattern is another one', '{0,254}', '{0,99}', /PersonName: the pattern/],
  ['a method is removed', '<xs:enumeration value="contact.list"/>', '', /Method: the value contact.list is removed/],
  ['a failure code is removed', '<xs:enumeration value="EXPIRED"/>', '', /FailureCode: the value EXPIRED is removed/],
  [
    'a type is removed',
    /<xs:complexType name="FailResponse">[^]*?<\/xs:complexType>/,
    '',
    /the type FailResponse is removed/,
  ],
  [
    'a root element is removed',
    '<xs:element name="request" type="AnyRequest"/>',
    '',
    /root element request is removed/,
  ],
  [
    'an element of an answer is removed',
    inType('Contact', '<xs:element name="mobile_phone".*'),
    '',
    /Contact: the element mobile_phone is removed/,
  ],
  [
    'an element of an answer may be missing',
    inType('Problem', '<xs:element name="message" type="xs:string"/>'),
    '<xs:element name="message" type="xs:string" minOccurs="0"/>',
    /message may be there 0 to 1/,
  ],
  [
    'an answer has a new element',
    inType('Contact', '<xs:element name="phone" type="xs:string"/>'),
    '<xs:element name="phone" type="xs:string"/><xs:element name="fax" type="xs:string"/>',
    /fax is new in an answer/,
  ],
  [
    'an answer has another order',
    /(<xs:element name="code".*\n\s*)(<xs:element name="field".*\n)/,
    '$2$1',
    /Problem: the elements are in another order/,
  ],
  [
    'the order of a request is no longer free',
    inType('NewContact', '<xs:all>([^]*?)</xs:all>'),
    '<xs:sequence>$1</xs:sequence>',
    /in sequence, not in all/,
  ],
  [
    'an attribute is removed',
    inType('AnyResponse', '<xs:attribute name="status".*'),
    '',
    /attribute status is removed/,
  ],
  ['an attribute has another rule', 'fixed="contact.get"', 'fixed="contact.list"', /attribute method has another rule/],
];

const ADDITIONS: readonly Edit[] = [
  [
    'a new element is optional',
    inType('NewContact', phone),
    `${phone}${phone.replace('phone', 'fax')}`,
    /NewContact: the element fax/,
  ],
  [
    'a mandatory element is optional',
    inType('NewContact', '<xs:element name="last_name" type="PersonName"/>'),
    '<xs:element name="last_name" type="PersonName" minOccurs="0"/>',
    /last_name may be there 0 to 1/,
  ],
  ['a bound is wider', '<xs:maxInclusive value="1000"/>', '<xs:maxInclusive value="2000"/>', /maxInclusive is 2000/],
  [
    'a failure code is new',
    '<xs:enumeration value="EXPIRED"/>',
    '<xs:enumeration value="EXPIRED"/><xs:enumeration value="BUSY"/>',
    /FailureCode: the value BUSY/,
  ],
];

test('the contract does not differ from itself', async () => {
  expect(xsdChanges(XSD, XSD)).toEqual({ breaking: [], additions: [] });
  expect(await asyncApiChanges(ASYNCAPI, ASYNCAPI)).toEqual({ breaking: [], additions: [] });
});

describe('contacts.xsd: what breaks programs', () => {
  test.each(BREAKING)('%s', (_, from, to, told) => {
    expect(xsdChanges(XSD, edited(XSD, from, to)).breaking).toEqual(
      expect.arrayContaining([expect.stringMatching(told)]),
    );
  });
});

describe('contacts.xsd: what breaks none', () => {
  test.each(ADDITIONS)('%s', (_, from, to, told) => {
    const { breaking, additions } = xsdChanges(XSD, edited(XSD, from, to));
    expect(breaking).toEqual([]);
    expect(additions).toEqual(expect.arrayContaining([expect.stringMatching(told)]));
  });

  test('other words', () => {
    const changed = edited(XSD, /<xs:documentation>/g, '<xs:documentation>In other words: ');
    expect(xsdChanges(XSD, changed)).toEqual({ breaking: [], additions: [] });
  });
});

test('a construct that the comparison does not know stops it', () => {
  const changed = edited(XSD, '<xs:maxInclusive value="1000"/>', '<xs:totalDigits value="3"/>');
  expect(() => xsdChanges(XSD, changed)).toThrow('does not understand <xs:totalDigits>');
});

describe('asyncapi.yaml: what breaks programs', () => {
  test.each<Edit>([
    [
      'an operation is removed',
      /\n {2}contactGet:\n {4}action[^]*?(?=\n {2}contactDelete:\n {4}action)/,
      '',
      /operation contactGet is removed/,
    ],
    [
      'a queue has another name',
      'address: contacts.requests\n',
      'address: requests\n',
      /channel requests: the address/,
    ],
    ['a queue has other arguments', 'x-delivery-limit: 100', 'x-delivery-limit: 50', /the queue has other arguments/],
    ['a failure code is removed', /\n {8}EXPIRED: .*/, '', /failure code \(FailResponse\) EXPIRED is removed/],
    ['a header is removed', /\n {8}has_more:\n(?: {10}.*\n)*/, '\n', /header has_more is removed/],
    [
      'a header may be missing',
      'required: [status, page, per_page, has_more]',
      'required: [status, page, per_page]',
      /has_more may be missing/,
    ],
    [
      'a property is mandatory',
      /(RequestProperties:\n {6}type: object\n)/,
      '$1      required: [message_id]\n',
      /property message_id is mandatory now/,
    ],
    ['a limit is lower', 'maximum: 3000', 'maximum: 100', /per_page: maximum is 100, not 3000/],
    ['a value has another type', /(per_page:\n {10}type: )integer/, '$1string', /per_page has another rule/],
  ])('%s', async (_, from, to, told) => {
    const { breaking } = await asyncApiChanges(ASYNCAPI, edited(ASYNCAPI, from, to));
    expect(breaking).toEqual(expect.arrayContaining([expect.stringMatching(told)]));
  });

  test('a new header breaks none', async () => {
    const changed = edited(ASYNCAPI, /( {8}has_more:\n)/, '        total:\n          type: integer\n$1');
    const { breaking, additions } = await asyncApiChanges(ASYNCAPI, changed);
    expect(breaking).toEqual([]);
    expect(additions).toEqual(['ContactListResponse: the header total']);
  });
});
