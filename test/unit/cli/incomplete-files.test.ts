import { describe, expect, test } from 'vitest';

import { allRows, openText, rowsOf } from './reading.ts';

const card = (name: string, end = 'END:VCARD\r\n'): string =>
  `BEGIN:VCARD\r\nVERSION:3.0\r\nN:Doe;${name};;;\r\n${end}`;
const NO_END = 'has no END:VCARD';

describe('a card without END:VCARD', () => {
  test('at the end of the file is a rejected row', async () => {
    const rows = await rowsOf(card('A') + card('B', ''));
    expect(rows).toMatchObject([
      { number: 1, place: 'line 1' },
      { number: 2, place: 'line 5', problem: NO_END },
    ]);
    expect(rows[0]).not.toHaveProperty('problem');
  });

  test('before another card is a rejected row, and the other card is read', async () => {
    const rows = await rowsOf(card('A', '') + card('B') + card('C', '') + card('D', ''));
    expect(rows.map(({ place, problem }) => [place, problem])).toEqual([
      ['line 1', NO_END],
      ['line 4', undefined],
      ['line 8', NO_END],
      ['line 11', NO_END],
    ]);
    expect(rows[1]?.fields).toContainEqual(['first_name', 'B']);
  });

  test('is written with the reason to the rejected rows, and accepted once it has its end', async () => {
    const reader = await openText(card('A', '') + card('B', 'EMAIL:b@c.d\r\nEND:VCARD\r\n'));
    const [broken] = await allRows(reader);
    const rejected = reader.rejected(broken!.source, 'because');
    expect(rejected).toBe('BEGIN:VCARD\r\nVERSION:3.0\r\nN:Doe;A;;;\r\nX-REJECTED-BECAUSE:because\r\n');
    expect(await rowsOf(rejected)).toMatchObject([{ problem: NO_END }]);
    const [corrected] = await rowsOf(`${rejected}END:VCARD\r\n`);
    expect(corrected).not.toHaveProperty('problem');
  });

  test('within an agent makes the whole card a rejected row', async () => {
    const agent = `AGENT:\r\n${card('Agent', '')}`;
    const rows = await rowsOf(card('A', agent) + card('B'));
    expect(rows.map(({ place, problem }) => [place, problem])).toEqual([
      ['line 1', NO_END],
      ['line 8', undefined],
    ]);
  });
});

test('the card of an agent is part of its card', async () => {
  const agent = `X.AGENT;VALUE=x:\r\n${card('Agent')}`;
  const rows = await rowsOf(card('A', `${agent}EMAIL:a@b.c\r\nEND:VCARD\r\n`).replace('3.0', '2.1'));
  expect(rows).toHaveLength(1);
  expect(rows[0]).not.toHaveProperty('problem');
  expect(rows[0]?.fields).toContainEqual(['first_name', 'A']);
});

describe('xml', () => {
  const FIELDS = '<first_name>A</first_name><last_name>B</last_name>';

  test.each([`stray ${FIELDS}`, `${FIELDS} stray`, `<first_name>A</first_name><![CDATA[x]]><last_name>B</last_name>`])(
    'text between the elements makes a row a rejected one: %s',
    async (content) => {
      const reader = await openText(`<c><contact>${content}</contact><contact>${FIELDS}</contact></c>`);
      const [stray, good] = await allRows(reader);
      expect(stray?.problem).toBe('has text outside its elements');
      expect(good).not.toHaveProperty('problem');
      // The text is written again, so that somebody can see it.
      expect(await rowsOf(`<c>${reader.rejected(stray!.source, 'because')}</c>`)).toMatchObject([
        { problem: 'has text outside its elements' },
      ]);
    },
  );

  test('white space and comments between the elements are nothing', async () => {
    const [row] = await rowsOf(`<c><contact>\n  <!-- x --><first_name>A</first_name>\r\n\t</contact></c>`);
    expect(row).not.toHaveProperty('problem');
  });

  test.each([
    '<c:contacts xmlns:c="urn:x"><c:contact><c:first_name>A</c:first_name></c:contact></c:contacts>',
    `<r><contact>${FIELDS}</contact><x:contact xmlns:x="urn:x">${FIELDS}</x:contact></r>`,
  ])('a contact with a prefix ends the reading: %s', async (document) => {
    await expect(rowsOf(document)).rejects.toThrow(/^line 1, column \d+: an element contact with a prefix/);
  });

  test('other elements may have a prefix, and a namespace may be without one', async () => {
    const rows = await rowsOf(`<s:e xmlns:s="urn:x"><b xmlns="urn:y"><contact>${FIELDS}</contact></b></s:e>`);
    expect(rows).toHaveLength(1);
  });

  test('a field with a prefix is an unknown field, not a lost one', async () => {
    const [row] = await rowsOf('<c><contact xmlns:x="urn:x"><x:phone>1</x:phone></contact></c>');
    expect(row?.problem).toContain('attributes');
    const [other] = await rowsOf('<c xmlns:x="urn:x"><contact><x:phone>1</x:phone></contact></c>');
    expect(other?.fields).toEqual([['x:phone', '1']]);
  });
});

test.each([
  ['csv', 'first_name,last_name,email\n', 'it has no row under its column names'],
  ['csv', '', 'it has no row under its column names'],
  ['vcf', '\n', 'it has no card'],
  ['xml', '<contacts/>', 'it has no element <contact>'],
  ['ndjson', '\n\n', 'it has no line with an object'],
] as const)('a reader of %s says what a file without rows lacks: %j', async (format, file, words) => {
  const reader = await openText(file, { format });
  expect(await allRows(reader)).toEqual([]);
  expect(reader.nothing).toBe(words);
});

test('a reason that another program has folded is replaced whole', async () => {
  const reader = await openText(card('A', 'X-REJECTED-BECAUSE:first_name is\r\n  too\r\n\tlong\r\nEND:VCARD\r\n'));
  const [row] = await allRows(reader);
  expect(reader.rejected(row!.source, 'another')).toBe(card('A', 'X-REJECTED-BECAUSE:another\r\nEND:VCARD\r\n'));
});
