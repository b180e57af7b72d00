import { expect, test } from 'vitest';

import { decode } from '../../../src/codec/decode.ts';
import { methodNamed } from '../methods/request-elements.ts';

const SMALL = 16_384;
const FACTOR = 16;
/**
 * Linear time grows by FACTOR, quadratic by its square; this leaves room for caches and garbage
 * collection.
 */
const MAX_RATIO = FACTOR * 5;
/** Shorter times are below the clock's precision. */
const MIN_MS = 1;

const create = methodNamed('contact.create');

function read(body: Buffer): void {
  const decoded = decode(body);
  if (decoded.ok) create.read(decoded.request.body);
}

/** CPU time, which excludes other programs; the minimum of several runs. */
function costMs(body: Buffer): number {
  const runs = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage();
    read(body);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  });
  return Math.max(MIN_MS, Math.min(...runs));
}

const inRequest = (content: string): string => `<request method="contact.create">${content}</request>`;
const inContact = (content: string): string => inRequest(`<contact>${content}</contact>`);

/** Bodies that repeat a part up to a length: complete documents, and truncated or unclosed ones. */
const KINDS: readonly (readonly [what: string, part: string, wrap: (repeated: string) => string])[] = [
  ['spaces', ' ', inRequest],
  ['line ends', '\r\n', inRequest],
  ['letters', 'x', (text) => inContact(`<email>${text}</email>`)],
  ['at signs', '@', (text) => inContact(`<email>${text}</email>`)],
  ['joiners', '\u0915\u094D\u200D', (text) => inContact(`<email>${text}@a</email>`)],
  ['digits', '0', (text) => inContact(`<client_id>${text}</client_id>`)],
  ['digits with separators', '1,', (text) => inContact(`<client_id>${text}</client_id>`)],
  ['spaces around a name', ' ', (text) => inContact(`<first_name>${text}x${text}</first_name>`)],
  ['no-break spaces', '\u00A0', (text) => inContact(`<phone>${text}</phone>`)],
  ['a long name', 'a', (text) => inContact(`<${text}/>`)],
  ['a long name of invisible letters', '\u200C', (text) => inContact(`<a${text}/>`)],
  ['a long attribute', 'a', (text) => inContact(`<phone ${text}=""/>`)],
  ['a long value', 'x', (text) => inContact(`<phone a="${text}"/>`)],
  ['a value of line ends', '\r\n\t', (text) => inContact(`<phone a="${text}"/>`)],
  ['references', '&amp;', (text) => inContact(`<phone>${text}</phone>`)],
  ['one long reference', '0', (text) => inContact(`<phone>&#${text}65;</phone>`)],
  ['one long reference to half a pair', '0', (text) => inContact(`<phone>&#x${text}D83D;</phone>`)],
  ['references that never end', '&a', inRequest],
  ['numeric references that never end', '&#1', inRequest],
  ['one reference that never ends', 'a', (text) => inRequest(`&${text}`)],
  ['ampersands', '&', inRequest],
  ['comments', '<!---->', inRequest],
  ['comments that never end', '<!-- ', inRequest],
  ['comments that never end, behind an unknown entity', '<!-- ', (text) => inRequest(`&x;${text}`)],
  ['ampersands in comments', '<!-- & -->', (text) => inRequest(`${text} &`)],
  ['CDATA sections', '<![CDATA[]]>', inRequest],
  ['CDATA sections that never end', '<![CDATA[ ', inRequest],
  ['brackets in CDATA', ']', (text) => inRequest(`<![CDATA[${text}]]>`)],
  ['processing instructions', '<?a "?>', inRequest],
  ['instructions that never end', '<?a ', inRequest],
  ['question marks', '?', (text) => inRequest(`<?a ${text}?>`)],
  ['hyphens in a comment', '- ', (text) => inRequest(`<!--${text}-->`)],
  ['opening brackets', '<', inRequest],
  ['closing brackets', '>', (text) => inRequest(`${text}&`)],
  ['equals signs and quotes', '= "', (text) => inRequest(`<a ${text}`)],
  ['equals signs and spaces', '=   ', (text) => inRequest(`<a ${text}`)],
  ['equals signs and both quotes', `="'`, (text) => inRequest(`<a ${text}`)],
  ['quotes behind an equals sign', "'", (text) => inRequest(`<a b="${text}`)],
  ['equals signs in a value that never ends', '=', (text) => inRequest(`<a b="${text}`)],
  ['quotes in a value that never ends', "='", (text) => inRequest(`<a b="${text}`)],
  ['spaces in a value that never ends', '=  ', (text) => inRequest(`<a b="${text}`)],
  ['a comment that never ends, behind an unknown entity', '- ', (text) => inRequest(`&x;<!--${text}`)],
  ['curly quotes', '“', (text) => inRequest(`<a b=${text}`)],
  ['curly quotes in an unclosed value', '=“', (text) => inRequest(`<a b="${text}`)],
  ['values in a tag that breaks', ' b="c"', (text) => inRequest(`<a${text}`)],
  ['odd letters in a tag that breaks', '\u1680', (text) => inRequest(`<a${text}=`)],
  ['a declaration of spaces', ' ', (text) => `<?xml${text}?><a/>`],
  [
    'a declaration of spaces around its encoding',
    ' ',
    (text) => `<?xml version="1.0"${text}encoding${text}=${text}"x"?><a/>`,
  ],
  ['a declaration with a long encoding', 'x', (text) => `<?xml version="1.0" encoding="${text}"?><a/>`],
  ['white space in front', ' ', (text) => `${text}x<a/>`],
  ['byte order marks', '\uFEFF', (text) => `${text}<a/>`],
  ['NUL', '\0', (text) => `${text}<a/>`],
  ['NUL behind', '\0', (text) => `<a/>${text}`],
  ['Base64', 'PD94', (text) => text],
  ['a form field’s name', 'a.', (text) => `${text}=<a/>`],
  ['bytes that are none of UTF-8', '\uFFFD', (text) => text],
];

test.each(KINDS)('16× as much of %s takes about 16× the time', (_, part, wrap) => {
  const of = (bytes: number): Buffer => Buffer.from(wrap(part.repeat(Math.ceil(bytes / Buffer.byteLength(part)))));
  const [small, large] = [of(SMALL), of(SMALL * FACTOR)];
  expect(costMs(large) / costMs(small)).toBeLessThan(MAX_RATIO);
});

test.each<[string, number]>([
  ['not UTF-8', 0xff],
  ['half of a character', 0xe2],
])('16× as many bytes that are %s take about 16× the time', (_, byte) => {
  expect(costMs(Buffer.alloc(SMALL * FACTOR, byte)) / costMs(Buffer.alloc(SMALL, byte))).toBeLessThan(MAX_RATIO);
});

/** The maximum of MAX_REQUEST_BYTES. */
const MAX_BODY = 16_711_680;

test.each(KINDS.filter(([what]) => /never end|breaks|quote|equals|half a pair|closing/.test(what)))(
  'the largest body of %s is rejected without a stack overflow',
  (_, part, wrap) => {
    const room = MAX_BODY - wrap('').length;
    const body = Buffer.from(wrap(part.repeat(Math.floor(room / Buffer.byteLength(part)))));
    expect(decode(body)).toMatchObject({ ok: false, fault: { code: 'MALFORMED_XML' } });
  },
);
