import fc from 'fast-check';
import { expect, test } from 'vitest';

import { encode, encodeRows } from '../../../src/codec/encode.ts';
import { illegalText, legalText, runs } from './arbitraries.ts';

const FORMAT = { name: 'contact', columns: ['id', 'first_name', 'email'] } as const;
type Row = Readonly<Record<(typeof FORMAT.columns)[number], string | number>>;

const withRows = (rows: readonly Row[], illegal: (at: number) => void = () => undefined): string =>
  encode({ status: 'ok', content: { encoded: [encodeRows(FORMAT, rows, illegal)] } }).toString();

const withElements = (rows: readonly Row[]): string => {
  const content = rows.map((row) => ({
    name: FORMAT.name,
    content: FORMAT.columns.map((name) => ({ name, content: String(row[name]) })),
  }));
  return encode({ status: 'ok', content }).toString();
};

const texts = fc.oneof(legalText, fc.string({ unit: fc.constantFrom('&', '<', '>', '\r', '\n', '\t', 'a', '😀') }));
const row = fc.record({ id: fc.nat(), first_name: texts, email: texts });

test('rows are encoded as elements are', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 5 }), (rows) => {
      expect(withRows(rows)).toBe(withElements(rows));
    }),
    { numRuns: runs(1000) },
  );
});

test('a row with a character that XML forbids is left out and reported, and its neighbours are not', () => {
  fc.assert(
    fc.property(row, illegalText, row, (before, text, after) => {
      const reported: number[] = [];
      const xml = withRows([before, { ...after, email: text }, after], (at) => reported.push(at));
      expect(reported).toEqual([1]);
      expect(xml).toBe(withElements([before, after]));
    }),
    { numRuns: runs(500) },
  );
});
