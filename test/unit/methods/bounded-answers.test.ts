import fc from 'fast-check';
import { expect, test } from 'vitest';

import { decode } from '../../../src/codec/decode.ts';
import { encode } from '../../../src/codec/encode.ts';
import { fail, type ResponseEnvelope } from '../../../src/protocol/response.ts';
import { methodNamed } from './request-elements.ts';

const create = methodNamed('contact.create');

/** The failure answer to a create with these elements; throws if the create is valid. */
function failureOf(content: string): ResponseEnvelope {
  const decoded = decode(Buffer.from(requestOf(content)));
  if (!decoded.ok) return fail(decoded.fault);
  const read = create.read(decoded.request.body);
  if (read.valid) throw new Error('the request was accepted');
  return fail(...read.faults);
}

function requestOf(content: string): string {
  return `<request method="contact.create"><contact>${content}</contact></request>`;
}

function answerBytes(content: string): number {
  return encode(failureOf(content)).length;
}

function many(count: number, of: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => of(i)).join('');
}

test('an answer to 9,900 unknown elements lists the first twenty and the total', () => {
  const answer = failureOf(many(9_900, (i) => `<a${i.toString(36)}/>`));
  const faults = answer.status === 'fail' ? answer.faults : [];
  expect(faults).toHaveLength(21);
  expect(faults[0]).toEqual({ code: 'INVALID_PARAMS', field: 'a0', message: 'a0 is not known here' });
  // Four fields are missing, too.
  expect(faults.at(-1)).toEqual({ code: 'INVALID_PARAMS', message: '9884 more problems; there are 9904 in all' });
});

test('an answer lists twenty problems, and counts the rest', () => {
  const unknown = (count: number): ResponseEnvelope => failureOf(many(count, (i) => `<a${i}/>`));
  // Four fields are missing, too.
  expect(unknown(16)).toMatchObject({ faults: { length: 20, 19: { message: 'email is missing' } } });
  expect(unknown(17)).toMatchObject({
    faults: { length: 21, 20: { message: '1 more problem; there are 21 in all' } },
  });
});

const wide = '\u{10400}';
test.each<[string, string]>([
  ['9,900 unknown elements', many(9_900, (i) => `<a${i.toString(36)}/>`)],
  ['9,900 repeated elements', '<a/>'.repeat(9_900)],
  ['one name of 60,000 letters', `<${'a'.repeat(60_000)}/>`],
  ['one name of 15,000 letters of four bytes', `<${wide.repeat(15_000)}/>`],
  ['200 names of 300 letters', many(200, (i) => `<${'a'.repeat(297)}${i}/>`)],
  ['invisible names', many(300, (i) => `<a${'\u200C'.repeat(64)}${i}/>`)],
  ['one attribute of 60,000 letters', `<phone ${'a'.repeat(60_000)}=""/>`],
  [
    '32 attributes of 64 letters on each of 20 elements',
    many(20, (i) => `<a${i} ${many(32, (j) => `${'b'.repeat(62)}${j}="" `)}/>`),
  ],
  ['prefixes', many(5_000, (i) => `<a:b${i}/>`)],
])('an answer to %s is not much longer than the request', (_, content) => {
  const request = Buffer.byteLength(requestOf(content));
  expect(answerBytes(content)).toBeLessThan(Math.max(request, 15_000) + 5_000);
});

test('an answer to a create is at most 24 KB plus twice its request', () => {
  const name = fc
    .string({ unit: fc.constantFrom('a', 'ß', '漢', wide, '\u200C', '\u2040'), maxLength: 100 })
    .map((rest) => `a${rest}`);
  const attributes = fc.uniqueArray(name, { maxLength: 5 }).map((names) => names.map((one) => ` ${one}=""`).join(''));
  const one = fc.tuple(name, attributes).map(([of, with_]) => `<${of}${with_}/>`);
  fc.assert(
    fc.property(fc.array(one, { maxLength: 60 }), (list) => {
      const content = list.join('');
      expect(answerBytes(content)).toBeLessThan(24_000 + 2 * Buffer.byteLength(content));
    }),
    { numRuns: 300 },
  );
});
