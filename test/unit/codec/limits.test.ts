import { describe, expect, it } from 'vitest';
import { decode } from '../../../src/codec/decode.ts';

function request(content: string): Buffer {
  return Buffer.from(`<request method="a">${content}</request>`);
}

function nested(depth: number): Buffer {
  return request('<a>'.repeat(depth - 1) + '</a>'.repeat(depth - 1));
}

function attributes(count: number): Buffer {
  return request(`<a${Array.from({ length: count }, (_, i) => ` b${i}="1"`).join('')}/>`);
}

/** The fault's message, and that it came fast: far less than reading all of it in a parser without limits takes. */
function refusedAtOnce(body: Buffer): string {
  const start = performance.now();
  const decoded = decode(body);
  const took = performance.now() - start;
  expect(took).toBeLessThan(500);
  return decoded.ok ? 'accepted' : `${decoded.fault.code}: ${decoded.fault.message}`;
}

describe('a limit', () => {
  it('lets 64 levels, 32 attributes and 10,000 elements pass', () => {
    expect(decode(nested(64)).ok).toBe(true);
    expect(decode(attributes(32)).ok).toBe(true);
    expect(decode(request('<a/>'.repeat(9_999))).ok).toBe(true);
  });

  it('refuses one more of each', () => {
    expect(refusedAtOnce(nested(65))).toMatch(/^MALFORMED_XML: line 1, column \d+: elements nested deeper than 64$/);
    expect(refusedAtOnce(attributes(33))).toMatch(/^MALFORMED_XML: line 1, column \d+: more than 32 attributes on one/);
    expect(refusedAtOnce(request('<a/>'.repeat(10_000)))).toMatch(/: more than 10000 elements$/);
  });

  it('stops a depth bomb of 0.7 MB, 70,000 attributes and 100,000 elements at once', () => {
    expect(refusedAtOnce(nested(100_000))).toContain('nested deeper');
    expect(refusedAtOnce(Buffer.from('<a>'.repeat(233_333)))).toContain('nested deeper');
    expect(refusedAtOnce(attributes(70_000))).toContain('attributes');
    expect(refusedAtOnce(request(Array.from({ length: 100_000 }, (_, i) => `<a${i}/>`).join('')))).toContain(
      'elements',
    );
  });

  it.each<[string, string]>([
    [
      'a billion laughs',
      `<!DOCTYPE a [${Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join('')}]><a>&l9;</a>`,
    ],
    ['an external entity', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>'],
    ['an external subset', '<!DOCTYPE a SYSTEM "file:///dev/zero"><a/>'],
  ])('is no entity at all: %s', (_, document) => {
    expect(refusedAtOnce(Buffer.from(document))).toContain('a DOCTYPE; documents with one are not read');
  });

  it.each<[string, Buffer]>([
    ['white space', request(' '.repeat(1_000_000))],
    ['one name', request(`<${'a'.repeat(1_000_000)}/>`)],
    ['one attribute', request(`<a b="${'x'.repeat(1_000_000)}"/>`)],
    ['references', request('&amp;'.repeat(200_000))],
    ['comments', request('<!---->'.repeat(150_000))],
    ['processing instructions', request('<?a "?>'.repeat(150_000))],
    ['CDATA sections', request('<![CDATA[]]>'.repeat(80_000))],
    ['line ends', request('\r\n'.repeat(500_000))],
    ['an attribute of line ends', request(`<a b="${'\r\n\t'.repeat(300_000)}"/>`)],
    ['opening brackets', request('<'.repeat(1_000_000))],
    ['ampersands', request('&'.repeat(1_000_000))],
    ['ampersands in comments', request(`${'<!-- & -->'.repeat(90_000)} &`)],
    ['equals signs and quotes', request(`<a ${'= "'.repeat(300_000)}`)],
    ['comments that never end', request('<!-- '.repeat(200_000))],
    ['comments that never end, behind an unknown entity', request(`&x;${'<!-- '.repeat(200_000)}`)],
    ['CDATA sections that never end', request('<![CDATA[ '.repeat(100_000))],
    ['instructions that never end', request('<?a '.repeat(250_000))],
    ['a declaration of spaces', Buffer.from(`<?xml${' '.repeat(1_000_000)}?><a/>`)],
    ['bytes that are not UTF-8', Buffer.alloc(1_000_000, 0xff)],
    ['NUL', Buffer.alloc(1_000_000)],
  ])('is not needed against 1 MB of %s: the time stays linear', (_, body) => {
    const start = performance.now();
    const decoded = decode(body);
    expect(performance.now() - start).toBeLessThan(2_000);
    expect(decoded).toHaveProperty('ok');
  });
});
