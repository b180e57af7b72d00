import { openReader } from '../../../src/cli/formats/open.ts';
import type { Field, Row, RowReader } from '../../../src/cli/formats/row.ts';
import type { FileFormat } from '../../../src/cli/options.ts';

/** The text in parts of `size` characters, as a slow stream gives it. */
async function* parts(text: string, size = 7): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
}

export interface Opening {
  readonly name?: string;
  readonly format?: FileFormat;
  readonly mapping?: ReadonlyMap<string, Field>;
  readonly warnings?: string[];
}

export function openText(
  text: string,
  { name = 'file', format, mapping = new Map(), warnings = [] }: Opening = {},
): Promise<RowReader> {
  return openReader(parts(text), { name, format, mapping, warn: (message) => void warnings.push(message) });
}

export async function rowsOf(text: string, opening: Opening = {}): Promise<Row[]> {
  const reader = await openText(text, opening);
  return allRows(reader);
}

export async function allRows(reader: RowReader): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of reader.rows()) rows.push(row);
  return rows;
}

export async function fieldsOf(text: string, opening: Opening = {}): Promise<Record<string, string>[]> {
  return (await rowsOf(text, opening)).map(({ fields }) => Object.fromEntries(fields));
}
