import type { DeadLetter, Unreadable } from '../protocol/dead-letter.ts';
import type { Summary } from './summary.ts';
import { escapeControls, escapeControlsInLines, jsonLine } from './terminal-text.ts';

/** Usual widths of the values, as rows are written before all letters are read. */
const COLUMN_WIDTHS = [18, 20, 8, 24] as const;

export const TABLE_HEADER = alignColumns(['REFERENCE', 'CAUSE', 'ATTEMPTS', 'TIME', 'METHOD']);

/** `1 letter`, `2 letters`. */
export function letterCount(count: number): string {
  return `${count} ${count === 1 ? 'letter' : 'letters'}`;
}

/** One row of the list. */
export function formatRow({ reference, cause, attempts, time, method, bytes }: Summary): string {
  const request = bytes === undefined ? method : `${method ?? '-'} (${bytes} bytes)`;
  const cells = [reference, cause, attempts?.toString(), time, request];
  return alignColumns(cells.map((text) => escapeControls(text ?? '-')));
}

function alignColumns(texts: readonly string[]): string {
  return texts
    .map((text, column) => text.padEnd(COLUMN_WIDTHS[column] ?? 0))
    .join('  ')
    .trimEnd();
}

/** The whole letter, for a person. */
export function formatLetter(summary: Summary, letter: DeadLetter): string {
  const { text, encoding } = bodyText(letter.body);
  const note = encoding === 'utf-8' ? '' : ', not UTF-8, in Base64';
  return [
    ...alignPairs({ ...summary }),
    '',
    ...alignPairs(letter.properties),
    '',
    letter.unreadable === undefined ? 'headers' : `headers: ${UNREADABLE_TEXTS[letter.unreadable]}`,
    ...alignPairs(letter.headers).map((line) => `  ${line}`),
    '',
    `body (${letter.body.length} bytes${note})`,
    encoding === 'utf-8' ? escapeControlsInLines(text) : text,
  ].join('\n');
}

const UNREADABLE_TEXTS: Readonly<Record<Unreadable, string>> = {
  properties: 'cannot be read (not well-formed, or nested too deep)',
  undeliverable:
    'cannot be read (types that AMQP 0-9-1 does not know: the broker closes each connection to which it delivers the letter)',
};

/** The whole letter, for a program, on one line. */
export function formatLetterJson(summary: Summary, letter: DeadLetter): string {
  const { text, encoding } = bodyText(letter.body);
  const { properties, headers } = letter;
  const content = { properties, headers: jsonValue(headers), body: text, body_encoding: encoding };
  return jsonLine({ ...summary, ...(letter.unreadable && { unreadable: letter.unreadable }), ...content });
}

function alignPairs(values: Readonly<Record<string, unknown>>): string[] {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  const width = Math.max(0, ...entries.map(([name]) => escapeControls(name).length));
  return entries.map(([name, value]) => `${escapeControls(name).padEnd(width)}  ${escapeControls(valueText(value))}`);
}

function valueText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(jsonValue(value)) ?? '');
}

/** The value as JSON can hold it: bytes in Base64, large integers as text. */
export function jsonValue(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value.toString('base64');
  if (Array.isArray(value)) return value.map(jsonValue);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, jsonValue(inner)]));
}

export function bodyText(body: Uint8Array): { readonly text: string; readonly encoding: 'utf-8' | 'base64' } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body), encoding: 'utf-8' };
  } catch {
    return { text: Buffer.from(body).toString('base64'), encoding: 'base64' };
  }
}
