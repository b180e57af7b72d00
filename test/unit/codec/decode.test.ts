import { describe, expect, it } from 'vitest';
import { decode } from '../../../src/codec/decode.ts';

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>';

function faultOf(document: string | Uint8Array): unknown {
  const decoded = decode(typeof document === 'string' ? Buffer.from(document) : document);
  return decoded.ok ? 'accepted' : `${decoded.fault.code}: ${decoded.fault.message}`;
}

/** The example of the API's description, with a word processor's quotes. */
const FROM_THE_DESCRIPTION = `<?xml version=“1.0” encoding=“UTF-8”?>
<request method=“contact.create”>
<contact>
<client_id>1</client_id> //mandatory
<first_name>Jane</first_name> //mandatory
<last_name>Doe</last_name> //mandatory
<email>janedoe@janedoe.com</email> //mandatory
<phone>(123) 456-7890</phone>
<mobile_phone>(123) 456-7890</mobile_phone>
</contact>
</request>`;

const CURLY = 'curly quotes where straight ones (") belong; a word processor may have put them there';

describe('a request', () => {
  it('has its method and its elements in document order', () => {
    const document = `${DECLARATION}\n<request method="contact.get">\n <contact_id> 1 </contact_id>\n <x y="z"/>\n</request>\n`;
    expect(decode(Buffer.from(document))).toEqual({
      ok: true,
      request: {
        method: 'contact.get',
        body: [
          { name: 'contact_id', attributes: [], children: [], text: ' 1 ' },
          { name: 'x', attributes: [['y', 'z']], children: [], text: '' },
        ],
      },
    });
  });

  it('may have white space around its method, and no body', () => {
    expect(decode(Buffer.from('<request method="\n contact.list "/>'))).toEqual({
      ok: true,
      request: { method: 'contact.list', body: [] },
    });
  });

  it.each([
    ['another root', '<requests method="a"/>', 'the root element must be <request>'],
    ['a name in other letters', '<Request method="a"/>', 'the root element must be <request>'],
    ['no method', '<request><a/></request>', '<request> has no attribute method'],
    ['an attribute instead of method', '<request METHOD="a"/>', '<request> has no attribute method, only METHOD'],
    ['a blank method', '<request method=" "/>', 'the attribute method of <request> is empty'],
  ])('is rejected with %s', (_, document, message) => {
    expect(decode(Buffer.from(document))).toEqual({ ok: false, fault: { code: 'INVALID_REQUEST', message } });
  });

  it.each([
    ['another attribute', '<request method="a.b" id="1"/>', '<request> has attributes other than method: id'],
    [
      'text beside its elements',
      '<request method="a.b">x<c/></request>',
      'text directly inside <request>; only elements belong there',
    ],
    [
      'CDATA beside its elements',
      '<request method="a.b"><c/><![CDATA[x]]></request>',
      'text directly inside <request>; only elements belong there',
    ],
    [
      'a space that XML does not count as white space',
      '<request method="a.b">\u00A0</request>',
      'text directly inside <request>; only elements belong there; the text begins with a no-break space (U+00A0)',
    ],
  ])('is rejected with %s, and its method is returned', (_, document, message) => {
    expect(decode(Buffer.from(document))).toEqual({
      ok: false,
      fault: { code: 'INVALID_REQUEST', message },
      method: 'a.b',
    });
  });

  it('of the maximum length is read; one byte more is rejected whatever the content', () => {
    const body = Buffer.from('<request method="a"/>');
    expect(decode(body, { maxBytes: body.length }).ok).toBe(true);
    const message = `the request has ${body.length} bytes; at most ${body.length - 1} are read`;
    const refused = { ok: false, fault: { code: 'REQUEST_TOO_LARGE', message } };
    expect(decode(body, { maxBytes: body.length - 1 })).toEqual(refused);
    expect(decode(Buffer.alloc(body.length), { maxBytes: body.length - 1 })).toEqual(refused);
  });
});

describe('curly quotes', () => {
  it('are the fault of the example in the API’s description', () => {
    expect(faultOf(FROM_THE_DESCRIPTION)).toBe(`MALFORMED_XML: line 1, column 15: ${CURLY}`);
  });

  it.each([
    ['in the first tag', `${DECLARATION}\n<request method=“contact.get”/>`, 'line 2, column 17'],
    ['as a pair of single ones', '<request method=‘contact.get’/>', 'line 1, column 17'],
    ['at the start only', '<request method=“contact.get"/>', 'line 1, column 17'],
    [
      'at the end only, with a tag behind',
      '<request method="contact.get”><contact_id>1</contact_id></request>',
      'line 1, column 29',
    ],
    [
      'at the end only, with another value behind',
      '<request method="contact.get”>\n<a b="c"/></request>',
      'line 1, column 29',
    ],
    ['at the end of a version', '<?xml version="1.0” encoding="UTF-8"?><request method="a"/>', 'line 1, column 19'],
    ['around an encoding', '<?xml version="1.0" encoding=“UTF-8”?><request method="a"/>', 'line 1, column 30'],
    ['after white space', '<request method = “contact.get”/>', 'line 1, column 19'],
  ])('are named: %s', (_, document, place) => {
    expect(faultOf(document)).toBe(`MALFORMED_XML: ${place}: ${CURLY}`);
  });

  it('are named in undeclared windows-1252', () => {
    expect(faultOf(Buffer.from('<request method=\x93contact.get\x94/>', 'latin1'))).toBe(
      `MALFORMED_XML: line 1, column 17: ${CURLY}`,
    );
  });

  it('are allowed in text and values, and not blamed for other faults', () => {
    expect(decode(Buffer.from('<request method="a"><b c="“d”">‘e’</b></request>')).ok).toBe(true);
    expect(faultOf('<request method="a"><b>“x”</c></request>')).not.toContain('curly');
    expect(faultOf('<request method="a"><b c="“d”" e=f/></request>')).not.toContain('curly');
  });
});

describe('the message about a malformed document', () => {
  it.each([
    ['', 'line 1, column 1: the body is empty'],
    ['<!-- nothing -->', 'line 1, column 16: the document has no root element'],
    ['<?xml version="1.0" encoding="UTF-8" ><a/>', 'line 1, column 42: an XML declaration that does not end with ?>'],
    ['<request', 'line 1, column 8: the document ends within a tag'],
    ['<a>\n<b>\n</a>', 'line 3, column 4: an end tag that does not match the open element'],
    ['<a>\r\n<b>\r</a>', 'line 3, column 4: an end tag that does not match the open element'],
    ['<a>\n', 'line 2, column 1: the document ends before every element is closed'],
    ['<a b="1" b="2"/>', 'line 1, column 16: an attribute that the element has already'],
    ['<a>👍\u0001</a>', 'line 1, column 5: a character that XML 1.0 forbids'],
    ['<a>AT&T</a>', "line 1, column 6: '&' that does not begin a reference; write &amp;"],
    ['<a>\n & b; &amp;</a>', "line 2, column 2: '&' that does not begin a reference; write &amp;"],
    ['<a><!-- R&D --> & </a>', "line 1, column 17: '&' that does not begin a reference; write &amp;"],
    ['<a><!-- R&D --><b></a', 'line 1, column 22: the document ends before every element is closed'],
    ['<a>&eacute;</a>', 'line 1, column 4: an entity that XML does not define; it has only lt, gt, amp, apos and quot'],
    ['<a>&#0;</a>', 'line 1, column 4: a character reference to no character that XML 1.0 allows'],
    ['<a b="<"/>', "line 1, column 7: '<' inside an attribute value; write &lt;"],
    ['<a>]]></a>', "line 1, column 6: ']]>' in text; write ]]&gt;"],
    ['<a/>\n x', 'line 2, column 2: text outside the root element'],
    ['{"a": 1}', 'line 1, column 1: the body looks like JSON; a request is XML'],
    ['<a><?b?c?></a>', 'line 1, column 4: a processing instruction whose target is not followed by white space'],
    ['<a><?b??></a>', 'line 1, column 4: a processing instruction whose target is not followed by white space'],
    ['<a/><b/>', 'line 1, column 7: more than one root element'],
    ['<a/>x', 'line 1, column 5: text outside the root element'],
    ['<?xml version="1.1"?><a/>', 'line 1, column 21: only XML 1.0 is read'],
    [
      ' <?xml version="1.0"?><a/>',
      'line 1, column 7: an XML declaration that is not at the very start of the document',
    ],
    ['<?xml encoding="UTF-8"?><a/>', 'line 1, column 15: the XML declaration is not well-formed'],
    ['<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', 'line 1, column 30: a DOCTYPE; documents with one are not read'],
  ])('names place and problem: %j', (document, message) => {
    expect(faultOf(document)).toBe(`MALFORMED_XML: ${message}`);
  });

  it('never quotes the document, except names of attributes that <request> must not have', () => {
    const marked = 'MARKED';
    const documents = [
      `<${marked}>`,
      `<a></${marked}>`,
      `</${marked}>`,
      `<a ${marked}="1" ${marked}="1"/>`,
      `<a>&${marked};</a>`,
      `<a b=${marked}/>`,
      `<?xml version="${marked}"?><a/>`,
      `<?xml version="1.0" encoding="${marked}"?><a/>`,
      `<!DOCTYPE ${marked}><a/>`,
      `<${marked}/>`,
      `<request method="a" b="${marked}"/>`,
      `<request method="a">${marked}</request>`,
    ];
    for (const document of documents) {
      expect(faultOf(document)).not.toBe('accepted');
      expect(faultOf(document)).not.toContain(marked);
    }
  });
});
