import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';

import { hasManyElements } from '../../../src/codec/content-limits.ts';
import { decode } from '../../../src/codec/decode.ts';
import { methodNamed } from '../methods/request-elements.ts';
import { documentBytes, runs } from './arbitraries.ts';

const create = methodNamed('contact.create');
const inPhone = (content: string): string =>
  `<request method="contact.create"><contact><phone>${content}</phone></contact></request>`;

function faultOf(document: string): string {
  const decoded = decode(Buffer.from(document));
  return decoded.ok ? 'accepted' : `${decoded.fault.code}: ${decoded.fault.message}`;
}

describe('a request may have', () => {
  it.each([
    ['4,096 references', '&#9;'.repeat(4_096)],
    ['1,024 comments', '<!-- -->'.repeat(1_024)],
    ['1,024 CDATA sections', '<![CDATA[ ]]>'.repeat(1_024)],
    ['1,024 instructions', '<?a?>'.repeat(1_024)],
  ])('%s', (_, content) => {
    expect(faultOf(inPhone(content))).toBe('accepted');
  });

  it.each([
    ['reference', '&#9;', 4_096, "more than 4096 times '&'"],
    ['comment', '<!-- -->', 1_024, 'more than 1024 comments, CDATA sections and instructions'],
    ['CDATA section', '<![CDATA[ ]]>', 1_024, 'more than 1024 comments, CDATA sections and instructions'],
    ['instruction', '<?a?>', 1_024, 'more than 1024 comments, CDATA sections and instructions'],
  ])('one %s less than is too many; the place is that of the first one too many', (_, part, most, problem) => {
    const column = inPhone('').indexOf('</phone>') + 1 + most * part.length;
    const expected = `MALFORMED_XML: line 1, column ${column}: ${problem}`;
    expect(faultOf(inPhone(part.repeat(most + 1)))).toBe(expected);
    // What follows is not read.
    expect(faultOf(inPhone(`${part.repeat(most + 1)}<`))).toBe(expected);
  });

  it('an error before the limit, and it is the one that is reported', () => {
    expect(faultOf(inPhone(`</a>${'&#9;'.repeat(5_000)}`))).toContain('an end tag that does not match');
  });
});

describe('a document with many elements', () => {
  const many = (count: number): string => '<a/>'.repeat(count);

  it('has more than 100', () => {
    expect(hasManyElements(Buffer.from(`<r>${many(99)}</r>`))).toBe(false);
    expect(hasManyElements(Buffer.from(`<r>${many(100)}</r>`))).toBe(true);
  });

  it.each([
    ['a comment', `<!-- ${many(200)} -->`],
    ['a CDATA section', `<![CDATA[${many(200)}]]>`],
    ['an instruction', `<?a ${many(200)}?>`],
    ['end tags', '</a>'.repeat(200)],
  ])('is not one with %s that looks like them', (_, content) => {
    expect(hasManyElements(Buffer.from(`<r>${content}</r>`))).toBe(false);
    expect(hasManyElements(Buffer.from(`<r>${content}${many(200)}</r>`))).toBe(true);
  });

  it('is recognised in UTF-16', () => {
    for (const [count, expected] of [
      [99, false],
      [100, true],
    ] as const) {
      const little = Buffer.from(`\uFEFF<r>${many(count)}</r>`, 'utf16le');
      expect(hasManyElements(little)).toBe(expected);
      expect(hasManyElements(Buffer.from(little).swap16())).toBe(expected);
    }
  });
});

test('no document that waits for its turn can be executed', () => {
  fc.assert(
    fc.property(documentBytes, fc.nat(200), (bytes, more) => {
      const body = Buffer.concat([bytes, Buffer.from('<a/>'.repeat(more))]);
      if (!hasManyElements(body)) return;
      const decoded = decode(body);
      expect(decoded.ok && create.read(decoded.request.body).valid).toBe(false);
    }),
    { numRuns: runs(500) },
  );
});
