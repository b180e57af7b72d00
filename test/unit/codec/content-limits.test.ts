import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';

import { hasManyElements } from '../../../src/codec/content-limits.ts';
import { decode } from '../../../src/codec/decode.ts';
import { parseDocument } from '../../../src/codec/document.ts';
import type { XmlElement } from '../../../src/protocol/request.ts';
import { methodNamed } from '../methods/request-elements.ts';
import { runs } from './arbitraries.ts';

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

const LOOKALIKES = [
  '<a>'.repeat(101),
  '<a>',
  '<!-',
  '<!',
  '<?',
  '<![CDATA[',
  ']]>',
  '->',
  '>',
  '/>',
  '</a>',
  '"',
  "'",
  '&',
  'x',
  ' ',
];
/** Markup that holds no elements and looks like some. */
const hiding = fc
  .tuple(
    fc.constantFrom('comment', 'section', 'instruction'),
    fc.array(fc.constantFrom(...LOOKALIKES, '<!--', '-->', '?>')),
  )
  .map(([kind, parts]) => {
    const content = parts.join('');
    if (kind === 'comment') return `<!--${content.replace(/-(?=-|$)/g, '- ')}-->`;
    if (kind === 'section') return `<![CDATA[${content.replaceAll(']]>', ']] >')}]]>`;
    return `<?a ${content.replaceAll('?>', '? >')}?>`;
  });
const shown = fc
  .tuple(fc.constantFrom('<a/>', '<a b=">"/>', "<a b='?>--]]>'>x</a>", '<a>\n</a >'), fc.nat(60))
  .map(([element, times]) => element.repeat(times));
const manyOrFew = fc
  .tuple(fc.array(fc.oneof(hiding, shown), { maxLength: 6 }), fc.constantFrom('UTF-8', 'UTF-16LE', 'UTF-16BE'))
  .map(([parts, encoding]) => {
    const text = `<?xml version="1.0"?><request method="contact.create">${parts.join('')}</request>`;
    if (encoding === 'UTF-8') return Buffer.from(text);
    const bytes = Buffer.from(`\uFEFF${text}`, 'utf16le');
    return encoding === 'UTF-16LE' ? bytes : bytes.swap16();
  });

function elementsIn({ children }: XmlElement): number {
  return children.reduce((sum, child) => sum + elementsIn(child), 1);
}

test('no document that waits for its turn can be executed', () => {
  let many = 0;
  fc.assert(
    fc.property(manyOrFew, (body) => {
      const parsed = parseDocument(body);
      if (!parsed.ok) throw new Error(parsed.fault.message);
      const waits = elementsIn(parsed.root) > 100;
      expect(hasManyElements(body)).toBe(waits);
      if (!waits) return;
      many += 1;
      expect(create.read(parsed.root.children).valid).toBe(false);
    }),
    { numRuns: runs(2_000) },
  );
  expect(many).toBeGreaterThan(10);
});
