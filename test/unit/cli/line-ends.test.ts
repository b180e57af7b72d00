import { expect, test } from 'vitest';

import { openReader } from '../../../src/cli/formats/open.ts';
import { allRows, rowsOf } from './reading.ts';

const HEAD = 'first_name,last_name,email';
const NAMES = ['A', 'B', 'C', 'D', 'E', 'F'];

/** A file whose lines end with these ends in turn, the first behind the names of the columns. */
function fileWith(ends: readonly string[]): string {
  const lines = [`${HEAD},note`, ...NAMES.map((name, i) => `${name},Doe,${name}@example.org,${i === 0 ? NOTE : ''}`)];
  return lines.map((line, i) => `${line}${ends[i % ends.length]}`).join('');
}

/** Longer than what is read at once to find the delimiter. */
const NOTE = 'x'.repeat(70_000);

/** The text in parts of `size` characters behind the part that holds the long note. */
async function* parts(text: string, size: number): AsyncGenerator<string> {
  const start = text.indexOf(NOTE) + NOTE.length;
  yield text.slice(0, start);
  for (let at = start; at < text.length; at += size) yield text.slice(at, at + size);
}

test.each([
  [['\n', '\r\n']],
  [['\r\n', '\n']],
  [['\r', '\n']],
  [['\n', '\r']],
  [['\r']],
  [['\n', '\r\n', '\r']],
  [['\r\n', '\r', '\n']],
  [['\r', '\r\n']],
])('every row of a CSV with the line ends %j is read, however its bytes arrive', async (ends) => {
  const text = fileWith(ends);
  for (const size of [1, 2, 3, 31, 100_000]) {
    const reader = await openReader(parts(text, size), { name: 'x.csv', mapping: new Map(), warn: () => undefined });
    const rows = await allRows(reader);
    expect(rows.map(({ fields }) => Object.fromEntries(fields))).toEqual(
      NAMES.map((name) => ({ first_name: name, last_name: 'Doe', email: `${name}@example.org` })),
    );
    expect(rows.map(({ place }) => place)).toEqual(NAMES.map((_, i) => `line ${i + 2}`));
  }
});

test('line ends inside quotes stay as they are, and empty lines are no rows', async () => {
  const rows = await rowsOf(`${HEAD}\r\n"A\r\nB\rC\nD",Doe,a@b.c\r\r\n\n\n"E",Doe,e@b.c`, { format: 'csv' });
  expect(rows.map(({ fields }) => fields[0])).toEqual([
    ['first_name', 'A\r\nB\rC\nD'],
    ['first_name', 'E'],
  ]);
});

test('the delimiter is found though the lines end with a lone CR', async () => {
  const rows = await rowsOf(fileWith(['\r']).replaceAll(',', ';'), { format: 'csv' });
  expect(rows).toHaveLength(NAMES.length);
});
