import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { create } from 'xmlbuilder2';
import { parseDocument } from '../../../src/codec/document.ts';
import { encode } from '../../../src/codec/encode.ts';
import { fail, ok } from '../../../src/protocol/response.ts';
import { fault } from '../../../src/protocol/fault.ts';
import { illegalText, legalText } from './arbitraries.ts';
import { referenceTree } from './reference-parser.ts';
import { runs } from './arbitraries.ts';

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>';

describe('an answer', () => {
  it('without content is one empty element', () => {
    expect(encode(ok()).toString()).toBe(`${DECLARATION}<response status="ok"/>`);
  });

  it('has no added white space, and an empty element for empty text', () => {
    const contact = {
      name: 'contact',
      content: [
        { name: 'first_name', content: 'Jane' },
        { name: 'phone', content: '' },
      ],
    };
    expect(encode(ok([contact, { name: 'contact', content: [] }])).toString()).toBe(
      `${DECLARATION}<response status="ok"><contact><first_name>Jane</first_name><phone/></contact><contact/></response>`,
    );
  });

  it('of failure lists every fault, with its field if it has one', () => {
    const response = fail(fault('INVALID_PARAMS', 'email is missing', 'email'), fault('NOT_FOUND', 'no such contact'));
    expect(encode(response).toString()).toBe(
      `${DECLARATION}<response status="fail">` +
        '<error><code>INVALID_PARAMS</code><field>email</field><message>email is missing</message></error>' +
        '<error><code>NOT_FOUND</code><message>no such contact</message></error></response>',
    );
  });

  it.each([
    'AT&T;',
    '&foo;',
    '&amp;',
    '&lt;b&gt;',
    '&#13;',
    ']]>',
    '\r',
    '\r\n',
    '<a>',
    '"\'',
    ' \t\n ',
    '\u0085\u2028',
    '\uFEFF',
    '👩‍👩‍👧',
    'e\u0301',
  ])('preserves the text %j', (text) => {
    expect(referenceTree(encode(ok([{ name: 'first_name', content: text }])))?.children[0]?.text).toBe(text);
  });

  it('preserves any legal text, for libxml2 and for the codec', () => {
    fc.assert(
      fc.property(legalText, legalText, (first, second) => {
        const fields = [
          { name: 'first_name', content: first },
          { name: 'last_name', content: second },
        ];
        const leaf = { attributes: [], children: [] };
        const contact = {
          name: 'contact',
          ...leaf,
          children: fields.map((f) => ({ name: f.name, ...leaf, text: f.content })),
          text: '',
        };
        const root = { name: 'response', attributes: [['status', 'ok']], children: [contact], text: '' };
        const bytes = encode(ok([{ name: 'contact', content: fields }]));
        expect(referenceTree(bytes)).toEqual(root);
        expect(parseDocument(bytes)).toEqual({ ok: true, root });
      }),
      { numRuns: runs(3000) },
    );
  });

  it('equals what xmlbuilder2 writes for the whole document', () => {
    fc.assert(
      fc.property(fc.array(legalText), (texts) => {
        const contacts = texts.map((text) => ({ name: 'contact', content: [{ name: 'email', content: text }] }));
        const document = create({ version: '1.0', encoding: 'UTF-8' });
        const root = document.ele('response', { status: 'ok' });
        for (const text of texts) {
          const email = root.ele('contact').ele('email');
          if (text !== '') email.txt(text.replaceAll('&', '&amp;'));
        }
        const whole = document.end({ wellFormed: true }).replaceAll('\r', '&#xD;');
        expect(encode(ok(contacts)).toString()).toBe(whole);
      }),
      { numRuns: runs(500) },
    );
  });

  it('never contains an element with an invalid name', () => {
    expect(() => encode(ok([{ name: 'first name', content: 'Jane' }]))).toThrow(Error);
  });

  it('preserves any legal text of a fault', () => {
    fc.assert(
      fc.property(legalText, legalText, (field, message) => {
        const [error] = referenceTree(encode(fail({ code: 'INVALID_PARAMS', field, message })))?.children ?? [];
        expect(error?.children.map((child) => child.text)).toEqual(['INVALID_PARAMS', field, message]);
      }),
      { numRuns: runs(500) },
    );
  });

  it('never contains a character that XML forbids; the error does not quote the text', () => {
    fc.assert(
      fc.property(illegalText, (text) => {
        expect(() => encode(ok([{ name: 'first_name', content: text }]))).toThrow(
          /^the text of <first_name> holds a character that XML 1\.0 forbids$/,
        );
      }),
      { numRuns: runs(500) },
    );
  });
});
