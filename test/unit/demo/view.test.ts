import { expect, test } from 'vitest';
import { coloured, indented } from '../../../scripts/demo/view.ts';

const PROLOG = '<?xml version="1.0" encoding="UTF-8"?>';

test('nested elements are indented, elements with text stay on one line', () => {
  const xml = `${PROLOG}<request method="contact.create"><contact><email>a@b.c</email><phone/></contact></request>`;
  expect(indented(xml)).toBe(
    [
      PROLOG,
      '<request method="contact.create">',
      '  <contact>',
      '    <email>a@b.c</email>',
      '    <phone/>',
      '  </contact>',
      '</request>',
    ].join('\n'),
  );
});

test('an empty answer is one line under its declaration', () => {
  expect(indented(`${PROLOG}<response status="ok"/>`)).toBe(`${PROLOG}\n<response status="ok"/>`);
});

test('empty elements and references are shown as they are', () => {
  expect(indented('<a><b></b><c>&lt;x&gt; &amp; y</c></a>')).toBe('<a>\n  <b></b>\n  <c>&lt;x&gt; &amp; y</c>\n</a>');
});

test('nothing is coloured where the output is not a terminal', () => {
  expect(process.stdout.isTTY).toBeFalsy();
  expect(coloured('<a b="c">d</a>')).toBe('<a b="c">d</a>');
});
