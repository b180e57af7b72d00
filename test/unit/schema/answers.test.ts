import { Buffer } from 'node:buffer';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { encode } from '../../../src/codec/encode.ts';
import { contactElement, contactIdElement } from '../../../src/methods/contact-element.ts';
import { FAULT_CODES, type FaultCode } from '../../../src/protocol/catalogue.ts';
import { fault } from '../../../src/protocol/fault.ts';
import { fail, ok, type ResponseEnvelope } from '../../../src/protocol/response.ts';
import { exactTypeOf, readSchema } from '../../../src/schema.ts';
import { answerProblem, METHODS, schemaProblem } from '../../support/schema-judge.ts';
import { legalText, runs } from '../codec/arbitraries.ts';

const id = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const contact = fc.record({
  contact_id: id,
  client_id: id,
  first_name: legalText,
  last_name: legalText,
  email: legalText,
  phone: legalText,
  mobile_phone: legalText,
});
const anyFault = fc
  .tuple(
    fc.constantFrom(...(Object.keys(FAULT_CODES) as FaultCode[])),
    legalText,
    fc.option(fc.constantFrom('email', 'имя')),
  )
  .map(([code, message, field]) => fault(code, message, field ?? undefined));

const failures = fc.array(anyFault, { minLength: 1, maxLength: 40 }).map((faults) => fail(...faults));
const successes: Readonly<Record<(typeof METHODS)[number], fc.Arbitrary<ResponseEnvelope>>> = {
  'contact.create': id.map((one) => ok([contactIdElement(one)])),
  'contact.update': fc.constant(ok()),
  'contact.get': contact.map((one) => ok([contactElement(one)])),
  'contact.delete': fc.constant(ok()),
  'contact.list': fc.array(contact, { maxLength: 5 }).map((contacts) => ok(contacts.map(contactElement))),
};

describe('every answer that the worker can write is valid', () => {
  test.each(METHODS)('%s', (method) => {
    const property = fc.property(fc.oneof(successes[method], failures), (response) => {
      const type = response.status === 'ok' ? exactTypeOf(method, 'Response') : 'FailResponse';
      expect(schemaProblem(encode(response), { response: type })).toBeUndefined();
      expect(schemaProblem(encode(response))).toBeUndefined();
    });
    fc.assert(property, { numRuns: runs(300) });
  });

  test('a name as long as an answer repeats it', () => {
    const long = `${'x'.repeat(64)}…`;
    expect(schemaProblem(encode(fail(fault('INVALID_PARAMS', 'is not known here', long))))).toBeUndefined();
  });
});

const CONTACT = encode(
  ok([
    contactElement({
      contact_id: 1,
      client_id: 1,
      first_name: 'J',
      last_name: 'D',
      email: 'a@b.c',
      phone: '',
      mobile_phone: '',
    }),
  ]),
).toString();
const ID = encode(ok([contactIdElement(1)])).toString();
const DONE = encode(ok()).toString();
const FAILED = encode(fail(fault('NOT_FOUND', 'there is none', 'contact_id'))).toString();
const page = { page: 1, per_page: 25, has_more: false };

/** Answers that are wrong, with their type and their headers. */
const WRONG: Readonly<
  Record<string, readonly [xml: string, type: string, headers: Readonly<Record<string, unknown>>]>
> = {
  'an answer of another method': [ID, 'contact.get', { status: 'ok' }],
  'a contact too many': [CONTACT.replace(/(<contact>.*<\/contact>)/, '$1$1'), 'contact.get', { status: 'ok' }],
  'an element missing': [CONTACT.replace('<phone/>', ''), 'contact.get', { status: 'ok' }],
  'another order': [
    CONTACT.replace('<phone/><mobile_phone/>', '<mobile_phone/><phone/>'),
    'contact.get',
    { status: 'ok' },
  ],
  'client_id told': [
    CONTACT.replace('<first_name>', '<client_id>1</client_id><first_name>'),
    'contact.get',
    { status: 'ok' },
  ],
  'content where there is none': [ID, 'contact.update', { status: 'ok' }],
  'nothing where there is something': [DONE, 'contact.create', { status: 'ok' }],
  'another status in the header': [DONE, 'contact.update', { status: 'fail' }],
  'no status in the header': [DONE, 'contact.update', {}],
  'success of an unknown method': [DONE, 'request', { status: 'ok' }],
  'an unknown code': [FAILED.replace('NOT_FOUND', 'GONE'), 'contact.get', { status: 'fail' }],
  'a failure without errors': [DONE.replace('ok', 'fail'), 'contact.get', { status: 'fail' }],
  'errors beside status ok': [FAILED.replace('"fail"', '"ok"'), 'contact.get', { status: 'ok' }],
  'message before field': [
    FAILED.replace(/(<field>.*<\/field>)(<message>.*<\/message>)/, '$2$1'),
    'contact.get',
    { status: 'fail' },
  ],
  'a list without its headers': [CONTACT, 'contact.list', { status: 'ok', page: 1, per_page: 25 }],
  'a page number as text': [CONTACT, 'contact.list', { status: 'ok', ...page, page: '1' }],
  "a list's headers on another answer": [CONTACT, 'contact.get', { status: 'ok', ...page }],
  'a repeated get': [CONTACT, 'contact.get', { status: 'ok', repeated: true }],
  'a header of no meaning': [DONE, 'contact.update', { status: 'ok', note: 'x' }],
};

describe('an answer that breaks the contract is noticed', () => {
  const contentType = 'application/xml';
  const problem = (xml: string, type: string, headers: Readonly<Record<string, unknown>>): string | undefined =>
    answerProblem(Buffer.from(xml), { type, contentType, headers });

  test.each(Object.entries(WRONG))('%s', (_, [xml, type, headers]) => {
    expect(problem(xml, type, headers)).toBeDefined();
  });

  test('the same answers as they should be', () => {
    expect(problem(ID, 'contact.create', { status: 'ok', repeated: true })).toBeUndefined();
    expect(problem(DONE, 'contact.update', { status: 'ok' })).toBeUndefined();
    expect(problem(CONTACT, 'contact.get', { status: 'ok' })).toBeUndefined();
    expect(problem(CONTACT, 'contact.list', { status: 'ok', ...page })).toBeUndefined();
    expect(problem(FAILED, 'request', { status: 'fail' })).toBeUndefined();
    expect(answerProblem(Buffer.from(DONE), { type: 'contact.delete', headers: { status: 'ok' } })).toBe(
      'content_type is undefined',
    );
  });

  test("methods of a test's own are not of the contract", () => {
    expect(problem('<other/>', 'test.method', { status: 'ok' })).toBeUndefined();
  });
});

test('the schema lists the codes of the catalogue', () => {
  const [, type = ''] = readSchema('xsd').split('<xs:simpleType name="FailureCode">');
  const codes = [...(type.split('</xs:simpleType>')[0] ?? '').matchAll(/value="([A-Z_]+)"/g)].map(([, code]) => code);
  expect(codes).toEqual(Object.keys(FAULT_CODES));
});
