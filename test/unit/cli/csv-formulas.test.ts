import fc from 'fast-check';
import { expect, test } from 'vitest';

import { withFormula, withoutFormula } from '../../../src/cli/formats/csv.ts';
import { writerOf } from '../../../src/cli/formats/write.ts';

test.each([
  '=1+1',
  '=HYPERLINK("http://x","y")',
  "+cmd|' /C calc'!A0",
  '-2+3+cmd|x!A',
  '@SUM(1)',
  '\t=1',
  '\r=1',
  '＝1+1',
  "'=1",
])('a spreadsheet reads %j from an export as text', async (text) => {
  const writer = await writerOf('csv', undefined);
  const contact = { contactId: 1, firstName: text, lastName: 'b', email: 'a@b.c', phone: '', mobilePhone: '' };
  const [, cell = ''] = /^1,("?'(?:[^"]|"")*?"?),b,/.exec(writer.contact(contact)) ?? [];
  expect(cell.replace(/^"/, '').startsWith("'")).toBe(true);
});

test.each(['+49 30 1234567', '+49 (0)30/1234-5', '-12', 'Jane', "O'Neil", "'t Hart", '1=1', ''])(
  '%j is exported as it is',
  (text) => {
    expect(withoutFormula(text)).toBe(text);
  },
);

test('any text comes back from an export as it was', () => {
  const text = fc.array(fc.constantFrom("'", '=', '+', '-', '@', '1', ' ', '\t', 'a'), { maxLength: 6 });
  fc.assert(
    fc.property(text, (characters) => {
      const value = characters.join('');
      expect(withFormula(withoutFormula(value))).toBe(value);
    }),
    { numRuns: 2_000 },
  );
});
