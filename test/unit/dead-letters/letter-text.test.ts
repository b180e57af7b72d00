import { expect, test } from 'vitest';

import { containsText } from '../../../src/dead-letters/letter-text.ts';
import type { DeadLetter } from '../../../src/protocol/dead-letter.ts';

const WANTED = 'Jürgen@Example.org';

function letter(body: Uint8Array | string, parts: Partial<DeadLetter> = {}): DeadLetter {
  return { body: Buffer.from(body as string), properties: {}, headers: {}, identity: 'one', ...parts };
}

test.each<[string, DeadLetter]>([
  ['UTF-8', letter('<email>Jürgen@Example.org</email>')],
  ['another case', letter('<email>JÜRGEN@EXAMPLE.ORG</email>')],
  ['a decomposed letter', letter('<email>Ju\u0308rgen@Example.org</email>')],
  ['UTF-16 with a byte order mark', letter(Buffer.from('\ufeff<email>Jürgen@Example.org</email>', 'utf16le'))],
  ['ISO-8859-1', letter(Buffer.from('<email>Jürgen@Example.org</email>', 'latin1'))],
  ['a decimal reference', letter('<email>J&#252;rgen&#64;Example.org</email>')],
  ['a hexadecimal reference', letter('<email>J&#xFC;rgen@Example.org</email>')],
  ['a CDATA section', letter('<email>Jürgen<![CDATA[@]]>Example.org</email>')],
  ['a property', letter('', { properties: { message_id: 'mail from jürgen@example.org' } })],
  ['a header at any depth', letter('', { headers: { a: [{ b: Buffer.from('jürgen@example.org') }] } })],
  ['a header’s name', letter('', { headers: { 'jürgen@example.org': 1 } })],
])('%s is found', (_, found) => {
  expect(containsText(found, WANTED)).toBe(true);
});

test.each<[string, DeadLetter]>([
  ['another address', letter('<email>urgen@example.org</email>', { headers: { a: null, b: 1n } })],
  ['a reference beyond Unicode', letter('&#x7FFFFFFF;&#9999999999;')],
  ['an empty letter', letter('')],
])('%s is not', (_, other) => {
  expect(containsText(other, WANTED)).toBe(false);
});
