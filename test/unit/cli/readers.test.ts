import { describe, expect, test } from 'vitest';

import { readCard } from '../../../src/cli/formats/vcf.ts';
import { checkRow } from '../../../src/cli/import/check.ts';
import { allRows, fieldsOf, openText, rowsOf } from './reading.ts';

const HEAD = 'client_id,first_name,last_name,email,phone,mobile_phone';

describe('csv', () => {
  test.each([',', ';', '\t', '|'])('it finds the delimiter %j', async (delimiter) => {
    const file = `${HEAD.replaceAll(',', delimiter)}\n1${delimiter}"A${delimiter}B"${delimiter}C${delimiter}d@e.f${delimiter}${delimiter}\n`;
    expect(await fieldsOf(file)).toEqual([
      { client_id: '1', first_name: `A${delimiter}B`, last_name: 'C', email: 'd@e.f', phone: '', mobile_phone: '' },
    ]);
  });

  test('it knows usual names of columns, and tells which are not read', async () => {
    const warnings: string[] = [];
    const file = 'Given Name,Surname,E-Mail,Mobile,Birthday\nA,B,c@d.e,1,2000\n';
    expect(await fieldsOf(file, { warnings })).toEqual([
      { first_name: 'A', last_name: 'B', email: 'c@d.e', mobile_phone: '1' },
    ]);
    expect(warnings).toEqual(['Columns that are not read: "Birthday".']);
  });

  test('a mapping wins over what a column is called', async () => {
    const mapping = new Map([['private', 'email' as const]]);
    expect(await fieldsOf('email,private\nx@y.z,a@b.c\n', { mapping, format: 'csv' })).toEqual([{ email: 'a@b.c' }]);
  });

  test.each([
    ['a,b\n1,2\n', 'No column is known: "a", "b".'],
    ['mobile,cell\n1,2\n', 'Two columns are mobile_phone'],
  ])('%j is refused', async (file, words) => {
    await expect(rowsOf(file, { format: 'csv' })).rejects.toThrow(words);
  });

  test('a mapping of a column that is not there is refused', async () => {
    const mapping = new Map([['Mail', 'email' as const]]);
    await expect(rowsOf('E-Mail\nx\n', { format: 'csv', mapping })).rejects.toThrow('There is no column "Mail".');
  });

  test('a row with more values than columns is told with its line', async () => {
    const [, row] = await rowsOf(`${HEAD}\n1,"A\nB",C,d@e.f,,\n1,2,3,4,5,6,7\n`);
    expect(row).toMatchObject({ number: 2, place: 'line 4', problem: 'has 7 values for 6 columns' });
  });

  test('a quote that is not closed ends the reading, and is told with its line', async () => {
    const reader = await openText(`${HEAD}\n1,A,B,c@d.e,,\n1,"A,B,c@d.e,,\n`, { format: 'csv' });
    await expect(allRows(reader)).rejects.toThrow('line 3: a quote is not closed');
  });

  test('a quote inside an unquoted value ends the reading, without quoting the value', async () => {
    const reader = await openText(`${HEAD}\n1,Joe "Jim",B,c@d.e,,\n`, { format: 'csv' });
    await expect(allRows(reader)).rejects.toThrow('line 2: a quote where none belongs');
  });
});

describe('vcf', () => {
  test.each([
    ['3.0', 'TEL;TYPE=HOME,VOICE:030 1\r\nTEL;TYPE=CELL:0170 2'],
    ['4.0', 'TEL;TYPE=work;VALUE=uri:tel:030 1\r\nTEL;TYPE="cell,voice":0170 2'],
    ['2.1', 'TEL;HOME;VOICE:030 1\r\nTEL;CELL:0170 2'],
  ])('a card of version %s is read', async (version, phones) => {
    const name =
      version === '2.1' ? 'N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BC=\r\nller;J=C3=B6rg' : 'N:Müller;Jörg;;;';
    const card = `BEGIN:VCARD\r\nVERSION:${version}\r\n${name}\r\nTEL;TYPE=FAX:9\r\n${phones}\r\nEMAIL:a@b.c\r\nEMAIL;TYPE=PREF:j@m.de\r\nEND:VCARD\r\n`;
    expect(await fieldsOf(card)).toEqual([
      { first_name: 'Jörg', last_name: 'Müller', email: 'j@m.de', phone: '030 1', mobile_phone: '0170 2' },
    ]);
  });

  test('a card with only a full name gives its last word as the family name', async () => {
    const card = 'BEGIN:VCARD\nVERSION:4.0\nFN:Mary Ann Smith\nEND:VCARD\n';
    expect(await fieldsOf(card)).toEqual([{ first_name: 'Mary Ann', last_name: 'Smith' }]);
  });

  test('a folded line is one value', async () => {
    const card = 'BEGIN:VCARD\nVERSION:3.0\nN:Do\n e;Ja\n ne;;;\nEND:VCARD\n';
    expect(await fieldsOf(card)).toEqual([{ first_name: 'Jane', last_name: 'Doe' }]);
  });

  test('one card that cannot be read does not end the file', async () => {
    const file = 'BEGIN:VCARD\nVERSION:3.0\nnonsense\nEND:VCARD\nBEGIN:VCARD\nVERSION:3.0\nN:B;A\nEND:VCARD\n';
    const [broken, good] = await rowsOf(file);
    expect(broken).toMatchObject({ place: 'line 1', problem: 'is not a vCard that can be read' });
    expect(good).toMatchObject({ number: 2, place: 'line 5' });
  });
});

const NEXT_CARD = 'BEGIN:VCARD\nVERSION:3.0\nN:B;A\nEND:VCARD\n';

test.each(['EMAIL;VALUE=date:foo', 'TEL;VALUE=utc-offset:x'])(
  'a card with %s is a row that cannot be read',
  async (line) => {
    const [bad, next] = await rowsOf(`BEGIN:VCARD\nVERSION:3.0\n${line}\nEND:VCARD\n${NEXT_CARD}`);
    expect(bad?.problem).toBe('is not a vCard that can be read');
    expect(next?.problem).toBeUndefined();
  },
);

test('X-CONTACTS-EXACT sets only texts of fields', async () => {
  const exact = Buffer.from(JSON.stringify({ client_id: 5, other: 'x', phone: '1\r2' })).toString('base64');
  const [row] = await fieldsOf(`BEGIN:VCARD\nVERSION:3.0\nN:B;A\nX-CONTACTS-EXACT:${exact}\nEND:VCARD\n`);
  expect(row).toEqual({ first_name: 'A', last_name: 'B', phone: '1\r2' });
});

test('a card of version 2.1 with a long quoted-printable value is read in linear time', async () => {
  const note = `NOTE;ENCODING=QUOTED-PRINTABLE:${`${'x'.repeat(70)}=\n`.repeat(50_000)}`;
  const start = performance.now();
  expect(readCard(`BEGIN:VCARD\nVERSION:2.1\nN:B;A\n${note}\nEND:VCARD`).fields).toContainEqual(['last_name', 'B']);
  expect(performance.now() - start).toBeLessThan(10_000);
});

test('a contact of many elements ends the reading, as one of a long text does', async () => {
  const reader = await openText(`<c><contact>${'<x/>'.repeat(1_100_000)}</contact></c>`, { format: 'xml' });
  await expect(allRows(reader)).rejects.toThrow('a <contact> of more than 1048576 characters');
});

describe('xml', () => {
  const contactXml =
    '<contact><client_id>1</client_id><first_name>A &amp; <![CDATA[<B>]]></first_name><phone/></contact>';

  test.each([
    `<contacts>${contactXml}</contacts>`,
    `<?xml version="1.0"?>\n<request method="contact.create">${contactXml}</request>`,
    `<a><b>text ${contactXml}</b></a>`,
  ])('contacts are read wherever they are: %#', async (document) => {
    expect(await fieldsOf(document)).toEqual([{ client_id: '1', first_name: 'A & <B>', phone: '' }]);
  });

  test.each([
    ['<contacts><contact><phone>1</contact></contacts>', 'line 1, column'],
    ['<!DOCTYPE a [<!ENTITY b "c">]><a/>', 'DOCTYPE'],
    ['<contacts>', 'not well-formed'],
  ])('%j ends the reading', async (document, words) => {
    await expect(rowsOf(document)).rejects.toThrow(words);
  });

  test('an attribute makes a row a rejected one', async () => {
    const [row] = await rowsOf('<c><contact id="1"><phone>1</phone></contact></c>');
    expect(row?.problem).toContain('attributes');
  });
});

describe('ndjson', () => {
  test.each(['12345678901234567890', '1e999'])(
    'the number %s, which JSON.parse changes, makes a row a rejected one',
    async (number) => {
      const [row] = await rowsOf(`{"phone":${number}}\n`);
      expect(row?.problem).toBe('has a member "phone" whose number is too large to be kept; write it as a text');
    },
  );

  test('numbers and texts are values, null is none', async () => {
    expect(await fieldsOf('{"client_id":1,"first_name":"A","phone":null}\n\n{"client_id":"2"}')).toEqual([
      { client_id: '1', first_name: 'A' },
      { client_id: '2' },
    ]);
  });

  test.each(['nonsense', '[1]', '{"phone":true}'])('%s is a rejected row', async (line) => {
    const [row] = await rowsOf(`${line}\n`, { format: 'ndjson' });
    expect(row?.problem).toBeDefined();
    expect(checkRow(row!, 1)).toMatchObject({ ok: false });
  });
});
