import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decode } from '../../../src/codec/decode.ts';
import { parseDocument } from '../../../src/codec/document.ts';
import { documentBytes } from './arbitraries.ts';
import { referenceTree } from './reference-parser.ts';
import { runs } from './arbitraries.ts';

const REQUESTS = [
  '<?xml version="1.0" encoding="UTF-8"?>\n<request method="contact.create"><contact><client_id>1</client_id><first_name>Jané</first_name><last_name>O&apos;Neill &#x1F600;</last_name><email>a@b.example</email><phone/></contact></request>',
  "<?xml version='1.0' encoding='ISO-8859-1' standalone='yes'?><request method='contact.get'><contact_id> 1 </contact_id></request>",
  '<request method="contact.list"><!-- c --><client_id><![CDATA[1]]></client_id><?p it\'s?><page>2</page>\r\n</request>\n',
].map((text) => Buffer.from(text));

const TOKENS = [
  '<',
  '>',
  '&',
  ';',
  '"',
  "'",
  '/',
  '=',
  '?',
  '!',
  '--',
  ']]>',
  '<!--',
  '-->',
  '<?',
  '?>',
  '<![CDATA[',
  '&#',
  '&#x',
  '<a>',
  '</a>',
  '\r',
  '\0',
  '\x80',
  '\xff\xfe',
  '\xef\xbb\xbf',
  '\xed\xa0\x80',
  'encoding="UTF-16"',
  '<!DOCTYPE a>',
  '__proto__',
  ' ',
  '\n',
  '[',
  ']',
  '-',
  ':',
  'x',
  '1',
  'xml',
  '?xml',
  'version="1.0"',
  'standalone="no"',
  '&lt;',
];

/** One change: replaces `removed` bytes at `place` (a fraction of the length) by `inserted`. */
const change = fc.record({
  place: fc.double({ min: 0, max: 1, noNaN: true }),
  removed: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 12 })),
  inserted: fc.oneof(
    fc.constant(Buffer.alloc(0)),
    fc.constantFrom(...TOKENS).map((token) => Buffer.from(token, 'latin1')),
    fc.uint8Array({ minLength: 1, maxLength: 3 }).map((bytes) => Buffer.from(bytes)),
    fc
      .tuple(fc.constantFrom(...REQUESTS), fc.nat(200), fc.nat(40))
      .map(([from, start, length]) => from.subarray(start, start + length)),
  ),
});

const changes = fc.array(change, { minLength: 1, maxLength: 4 });

function changed(body: Buffer, made: readonly { place: number; removed: number; inserted: Buffer }[]): Buffer {
  return made.reduce((bytes, { place, removed, inserted }) => {
    const at = Math.floor(place * bytes.length);
    return Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at + removed)]);
  }, body);
}

/** XML tokens in any order, at different places of a document. */
const tokens = fc
  .tuple(
    fc.constantFrom(
      ['<a>', '</a>'],
      ['', '<a/>'],
      ['<a/>', ''],
      ['<a ', '/>'],
      ['<a b="', '"/>'],
      ['<?xml ', '?><a/>'],
      ['<?', '?><a/>'],
    ),
    fc.array(fc.constantFrom(...TOKENS), { maxLength: 7 }),
  )
  .map(([[before, after], middle]) => Buffer.from(`${before}${middle.join('')}${after}`, 'latin1'));

const mutated = fc.oneof(
  fc.tuple(fc.constantFrom(...REQUESTS), changes).map(([body, made]) => changed(body, made)),
  fc.tuple(documentBytes, changes).map(([body, made]) => changed(body, made)),
  tokens,
);

const RUNS = runs(4000);

// Where the codec is stricter than libxml2, by design.
const STRICTER =
  /a DOCTYPE|UTF-16 without a byte order mark|contradicts the byte order mark|encoding is not supported|only XML 1\.0/;

// A request with a method, or one fault; that of a malformed document starts with the place.
const ANSWER = /^(?:request .|MALFORMED_XML: line \d+, column \d+: .|(?:UNSUPPORTED_ENCODING|INVALID_REQUEST): .)/;

function answerTo(body: Uint8Array): string {
  const decoded = decode(body, { maxBytes: 65_536 });
  if (decoded.ok) return `request ${decoded.request.method}`;
  return `${decoded.fault.code}: ${decoded.fault.message}`;
}

describe('any input', () => {
  it('gets exactly one answer: random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (body) => {
        expect(answerTo(body)).toMatch(ANSWER);
      }),
      { numRuns: runs(3000) },
    );
  });

  it('gets exactly one answer: requests with random changes', () => {
    fc.assert(
      fc.property(mutated, (body) => {
        expect(answerTo(body)).toMatch(ANSWER);
      }),
      { numRuns: RUNS },
    );
  });

  it('parses as libxml2 parses it, and is rejected if libxml2 rejects it or a stricter rule applies', () => {
    let accepted = 0;
    fc.assert(
      fc.property(mutated, (body) => {
        const reference = referenceTree(body);
        const parsed = parseDocument(body);
        if (parsed.ok) {
          accepted++;
          expect(reference).toBeDefined();
          // libxml2 does not count namespace declarations as attributes.
          if (!body.includes('xmlns')) expect(parsed.root).toEqual(reference);
        } else if (reference !== undefined) {
          expect(parsed.fault.message).toMatch(STRICTER);
        }
      }),
      { numRuns: RUNS },
    );
    expect(accepted).toBeGreaterThan(RUNS / 50);
  });
});
