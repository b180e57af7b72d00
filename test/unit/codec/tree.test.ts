import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAnswer } from '../../../src/codec/answer-document.ts';
import { parseDocument } from '../../../src/codec/document.ts';
import type { XmlElement } from '../../../src/protocol/request.ts';
import { documentBytes } from './arbitraries.ts';
import { referenceTree } from './reference-parser.ts';
import { runs } from './arbitraries.ts';

/** The body with white space behind it that makes it longer than a usual request. */
function lengthened(body: Uint8Array): Buffer {
  const [first, second] = body;
  const space = ' '.repeat(1_100);
  if (first === 0xff && second === 0xfe) return Buffer.concat([body, Buffer.from(space, 'utf16le')]);
  if (first === 0xfe && second === 0xff) return Buffer.concat([body, Buffer.from(space, 'utf16le').swap16()]);
  return Buffer.concat([body, Buffer.from(space)]);
}

describe.each([
  ['a request', (body: Uint8Array) => parseDocument(body)],
  ['a long request', (body: Uint8Array) => parseDocument(lengthened(body))],
  ['an answer', (body: Uint8Array) => parseAnswer(body, 10_000)],
])('the tree of a document that is read as %s', (_kind, parse) => {
  function rootOf(document: string): XmlElement {
    const parsed = parse(Buffer.from(document));
    if (!parsed.ok) throw new Error(parsed.fault.message);
    return parsed.root;
  }

  it('equals that of libxml2 for any well-formed document', () => {
    fc.assert(
      fc.property(documentBytes, (bytes) => {
        const reference = referenceTree(bytes);
        expect(reference).toBeDefined();
        expect(parse(bytes)).toEqual({ ok: true, root: reference });
      }),
      { numRuns: runs(1500) },
    );
  });

  it.each([
    ['a reference is resolved once', '<a>&amp;lt;&amp;amp;</a>', '&lt;&amp;'],
    ['a numeric reference with any number of zeros', `<a>&#${'0'.repeat(60)}65;&#x${'0'.repeat(60)}42;</a>`, 'AB'],
    ['CDATA is text, references in it are not', '<a>1<![CDATA[&lt;<b>]]>2</a>', '1&lt;<b>2'],
    ['comments and instructions are removed', '<a>1<!-- -->2<?p?>3</a>', '123'],
    ['digits stay unchanged', '<a>007</a>', '007'],
    ['white space stays unchanged', '<a> \t\n x </a>', ' \t\n x '],
    ['CR LF and CR become one LF', '<a>1\r\n2\r3\r\r\n4</a>', '1\n2\n3\n\n4'],
    ['CR and LF around an instruction are two line ends', '<a>1\r<?p?>\n2</a>', '1\n\n2'],
    ['a reference to CR stays CR', '<a>&#13;&#xD;\n</a>', '\r\r\n'],
    ['an empty CDATA section is empty text', '<a><![CDATA[]]></a>', ''],
  ])('text: %s', (_, document, text) => {
    expect(rootOf(document).text).toBe(text);
  });

  it('ignores quotes in processing instructions', () => {
    const root = rootOf(`<?p it's?><a><?p "?><b>1</b><?q "?><c x='1'/></a><?p '?>`);
    expect(root.children.map((child) => child.name)).toEqual(['b', 'c']);
  });

  it('normalises white space in attribute values, except references', () => {
    const root = rootOf('<a x="1\r\n2\t3&#10;4&#9;5  6" y=\' &lt;"> \'/>');
    expect(root.attributes).toEqual([
      ['x', '1 2 3\n4\t5  6'],
      ['y', ' <"> '],
    ]);
  });

  it('treats names with a meaning in JavaScript as data', () => {
    const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '__defineSetter__'];
    const root = rootOf(`<a>${names.map((name) => `<${name} ${name}="1">x</${name}>`).join('')}</a>`);
    expect(root.children).toEqual(names.map((name) => ({ name, attributes: [[name, '1']], children: [], text: 'x' })));
    expect(Object.getPrototypeOf(root.children[0])).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)['1']).toBeUndefined();
  });

  it('does not split a name at characters that JavaScript counts as white space', () => {
    const root = rootOf('<a\u1680b\uFEFF c\uFEFF="\u1680">\uFEFF\u1680</a\u1680b\uFEFF>');
    expect(root).toEqual({
      name: 'a\u1680b\uFEFF',
      attributes: [['c\uFEFF', '\u1680']],
      children: [],
      text: '\uFEFF\u1680',
    });
  });

  it('ignores namespaces', () => {
    expect(rootOf('<a:b xmlns:c="" d:e="1"/>')).toEqual({
      name: 'a:b',
      attributes: [
        ['xmlns:c', ''],
        ['d:e', '1'],
      ],
      children: [],
      text: '',
    });
  });
});
