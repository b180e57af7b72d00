import { describe, expect, it } from 'vitest';
import { decode } from '../../../src/codec/decode.ts';

const NAMESPACES = 'namespaces are not read: leave out xmlns attributes and prefixes';

function faultOf(document: string): string {
  const decoded = decode(Buffer.from(document));
  return decoded.ok ? 'accepted' : `${decoded.fault.code}: ${decoded.fault.message}`;
}

describe('namespaces', () => {
  it.each([
    ['xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" method="a"', 'attributes other than method: xmlns:xsi'],
    ['method="a" xmlns="urn:contacts"', 'attributes other than method: xmlns'],
    [
      'method="a" xmlns:a="urn:a" xsi:schemaLocation="urn:a a.xsd"',
      'attributes other than method: xmlns:a, xsi:schemaLocation',
    ],
    ['c:method="a"', 'no attribute method, only c:method'],
  ])('are named, with a hint that they are not supported: %s', (attributes, what) => {
    expect(faultOf(`<request ${attributes}/>`)).toBe(`INVALID_REQUEST: <request> has ${what}; ${NAMESPACES}`);
  });

  it('are mentioned if the root has a prefix', () => {
    expect(faultOf('<c:request xmlns:c="urn:c" method="a"/>')).toBe(
      `INVALID_REQUEST: the root element must be <request>; ${NAMESPACES}`,
    );
  });

  it('are not mentioned for other attributes, and no value is quoted', () => {
    expect(faultOf('<request method="a" id="SECRET" lang="SECRET"/>')).toBe(
      'INVALID_REQUEST: <request> has attributes other than method: id, lang',
    );
  });

  it('and other long names are truncated', () => {
    const message = faultOf(`<request method="a" ${'x'.repeat(60_000)}="1"/>`);
    expect(message).toBe(`INVALID_REQUEST: <request> has attributes other than method: ${'x'.repeat(64)}…`);
  });
});

describe('white space that XML does not know, and invisible characters', () => {
  const NBSP = 'a no-break space (U+00A0)';
  it.each([
    ['<request\u00A0method="a"/>', 9, NBSP],
    ['<request method\u00A0="a"/>', 16, NBSP],
    ['<request method=\u00A0"a"/>', 17, NBSP],
    ['<request method="a"\u00A0/>', 20, NBSP],
    ['<request method="a"></request\u00A0>', 30, NBSP],
    ['<\u00A0request method="a"/>', 2, NBSP],
    ['<?xml\u00A0version="1.0"?><a/>', 6, NBSP],
    ['<request \u200Bmethod="a"/>', 10, 'an invisible character (U+200B, zero width space)'],
    ['<request\u2003method="a"/>', 9, 'white space that XML does not know (U+2003)'],
    ['<request\u3000method="a"/>', 9, 'white space that XML does not know (U+3000)'],
    ['<request\u0085method="a"/>', 9, 'a control character (U+0085)'],
    // XML counts these two as letters.
    ['<request\uFEFFmethod="a"/>', 9, 'an invisible character (U+FEFF, byte order mark)'],
    ['<request\u1680method="a"/>', 9, 'white space that XML does not know (U+1680)'],
  ])('are named in the tag %j', (document, column, what) => {
    expect(faultOf(document)).toBe(
      `MALFORMED_XML: line 1, column ${column}: ${what} in a tag; only space, tab and line ends belong between its parts`,
    );
  });

  it('are named in the name of the root', () => {
    expect(faultOf('<request\uFEFF method="a"/>')).toBe(
      'INVALID_REQUEST: the root element must be <request>; its name has an invisible character (U+FEFF, byte order mark)',
    );
  });

  it('are named in text between elements', () => {
    expect(faultOf('<request method="a">\n \uFEFF<b/></request>')).toContain(
      'the text begins with an invisible character (U+FEFF, byte order mark)',
    );
  });

  it('are not blamed for other errors', () => {
    expect(faultOf('<request method="a\u00A0b" c=d/>')).toContain('an attribute value without quotes');
    expect(faultOf('<request method="a\u1680b\uFEFF" c=d/>')).toContain('an attribute value without quotes');
    expect(faultOf('<a>\u00A0</b>')).toContain('an end tag that does not match');
    expect(faultOf('<a><!-- \u0001 --></a>')).toContain('a character that XML 1.0 forbids');
  });
});

describe('a character', () => {
  it('NUL is named', () => {
    expect(faultOf('<request method="a"><b>\0</b></request>')).toBe(
      'MALFORMED_XML: line 1, column 24: a NUL (U+0000), a character that XML 1.0 forbids',
    );
  });

  it.each(['&#xD83D;&#xDE00;', '&#xd83d;', '&#x0000DE00;', '&#55357;&#56832;', '&#0056832;'])(
    'written as half of a surrogate pair is named: %s',
    (reference) => {
      const what =
        'a character reference to half of a surrogate pair; write one reference to the one character, such as &#x1F600;';
      expect(faultOf(`<a>${reference}</a>`)).toBe(`MALFORMED_XML: line 1, column 4: ${what}`);
    },
  );

  it.each(['&#0;', '&#x1;', '&#xFFFE;', '&#x110000;', '&#57344000;', '&#xD83D0;x&#1;'])(
    'that XML forbids is reported as such: %s',
    (reference) => {
      expect(faultOf(`<a>${reference}</a>`)).toContain('a character reference to no character that XML 1.0 allows');
    },
  );

  it('that escapes a quote, as in a JSON string, is named', () => {
    expect(faultOf('<request method=\\"contact.get\\"/>')).toBe(
      'MALFORMED_XML: line 1, column 17: a backslash in markup: was the XML escaped, as for a JSON string?',
    );
  });
});
