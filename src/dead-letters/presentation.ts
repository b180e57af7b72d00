import type { DeadLetter, Unreadable } from '../protocol/dead-letter.ts';
import { jsonLine, printable, printableLines } from './printable.ts';
import type { Summary } from './summary.ts';

const WIDTHS = [18, 20, 8, 24] as const;

export const TABLE_HEAD = cells(['REFERENCE', 'CAUSE', 'ATTEMPTS', 'TIME', 'METHOD']);

/** One line of the list. Columns are as wide as usual values, so that lines can be written as letters are read. */
export function tableRow({ reference, cause, attempts, time, method, bytes }: Summary): string {
  const what = bytes === undefined ? method : `${method ?? '-'} (${bytes} bytes)`;
  return cells([reference, cause, attempts?.toString(), time, what].map((text) => printable(text ?? '-')));
}

function cells(texts: readonly string[]): string {
  return texts
    .map((text, column) => text.padEnd(WIDTHS[column] ?? 0))
    .join('  ')
    .trimEnd();
}

/** The whole letter for a person to read. */
export function wholeLetter(summary: Summary, letter: DeadLetter): string {
  const { text, encoding } = bodyText(letter.body);
  const note = encoding === 'utf-8' ? '' : ', not UTF-8, in Base64';
  return [
    ...pairs({ ...summary }),
    '',
    ...pairs(letter.properties),
    '',
    letter.unreadable === undefined ? 'headers' : `headers: ${MISSING[letter.unreadable]}`,
    ...pairs(letter.headers).map((line) => `  ${line}`),
    '',
    `body (${letter.body.length} bytes${note})`,
    encoding === 'utf-8' ? printableLines(text) : text,
  ].join('\n');
}

const MISSING: Readonly<Record<Unreadable, string>> = {
  properties: 'cannot be read (not well-formed, or nested too deep)',
  undeliverable:
    'cannot be read (types that AMQP 0-9-1 does not know: the broker closes the connection of whoever it hands the letter to)',
};

/** The whole letter for a program to read, on one line. */
export function wholeLetterJson(summary: Summary, letter: DeadLetter): string {
  const { text, encoding } = bodyText(letter.body);
  const { properties, headers } = letter;
  const content = { properties, headers: readable(headers), body: text, body_encoding: encoding };
  return jsonLine({ ...summary, ...(letter.unreadable && { unreadable: letter.unreadable }), ...content });
}

function pairs(values: Readonly<Record<string, unknown>>): string[] {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  const width = Math.max(0, ...entries.map(([name]) => printable(name).length));
  return entries.map(([name, value]) => `${printable(name).padEnd(width)}  ${printable(valueText(value))}`);
}

function valueText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(readable(value)) ?? '');
}

/** Bytes in Base64; JSON would spell them out number by number. */
function readable(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value.toString('base64');
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, readable(inner)]));
}

function bodyText(body: Uint8Array): { readonly text: string; readonly encoding: 'utf-8' | 'base64' } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body), encoding: 'utf-8' };
  } catch {
    return { text: Buffer.from(body).toString('base64'), encoding: 'base64' };
  }
}
