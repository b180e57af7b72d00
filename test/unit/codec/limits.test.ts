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

function faultOf(body: Buffer): string {
  const decoded = decode(body);
  return decoded.ok ? 'accepted' : `${decoded.fault.code}: ${decoded.fault.message}`;
}

/** The column where parsing stopped; the rest was not examined. */
function columnOf(message: string): number {
  return Number(/^MALFORMED_XML: line 1, column (\d+):/.exec(message)?.[1] ?? NaN);
}

describe('a limit', () => {
  it('allows 64 levels, 32 attributes and 10,000 elements', () => {
    expect(decode(nested(64)).ok).toBe(true);
    expect(decode(attributes(32)).ok).toBe(true);
    expect(decode(request('<a/>'.repeat(9_999))).ok).toBe(true);
  });

  it('rejects one more of each', () => {
    expect(faultOf(nested(65))).toMatch(/^MALFORMED_XML: line 1, column \d+: elements nested deeper than 64$/);
    expect(faultOf(attributes(33))).toMatch(/^MALFORMED_XML: line 1, column \d+: more than 32 attributes on one/);
    expect(faultOf(request('<a/>'.repeat(10_000)))).toMatch(/: more than 10000 elements$/);
  });

  it.each<[string, Buffer, string, number]>([
    ['a depth bomb', nested(100_000), 'nested deeper', 300],
    ['a depth bomb that never closes', Buffer.from('<a>'.repeat(233_333)), 'nested deeper', 300],
    ['70,000 attributes', attributes(70_000), 'attributes', 400],
    ['100,000 elements', request('<a/>'.repeat(100_000)), 'elements', 40_100],
  ])('stops %s where it is exceeded', (_, body, message, most) => {
    expect(faultOf(body)).toContain(message);
    expect(columnOf(faultOf(body))).toBeLessThan(most);
  });

  it.each<[string, string]>([
    [
      'a billion laughs',
      `<!DOCTYPE a [${Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join('')}]><a>&l9;</a>`,
    ],
    ['an external entity', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>'],
    ['an external subset', '<!DOCTYPE a SYSTEM "file:///dev/zero"><a/>'],
  ])('forbids entities: %s', (_, document) => {
    expect(faultOf(Buffer.from(document))).toContain('a DOCTYPE; documents with one are not read');
  });
});
