import { IGNORED, REASON, type Mapping, type Row, type RowReader } from './row.ts';
import { linesOf } from './text.ts';

/** A line of the file: its object, or its text where it is none. */
type Source = Readonly<Record<string, unknown>> | string;

/** Reads one JSON object a line. Members are named as on the wire, or by `mapping`. */
export function ndjsonReader(text: AsyncIterable<string>, mapping: Mapping): RowReader<Source> {
  return {
    async *rows() {
      let number = 0;
      for await (const { line, at } of linesOf(text)) {
        if (line.trim() === '') continue;
        number += 1;
        yield { number, place: `line ${at}`, ...readLine(line, mapping) };
      }
    },
    nothing: 'it has no line with an object',
    head: () => '',
    tail: '',
    rejected: (source, reason) => {
      const members = typeof source === 'string' ? { unreadable_line: source } : source;
      return `${JSON.stringify({ ...members, [REASON]: reason })}\n`;
    },
  };
}

function readLine(line: string, mapping: Mapping): Pick<Row<Source>, 'fields' | 'problem' | 'source'> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { fields: [], problem: 'is not JSON', source: line };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { fields: [], problem: 'is not a JSON object', source: line };
  }
  const source = value as Readonly<Record<string, unknown>>;
  const fields: (readonly [string, string])[] = [];
  for (const [name, member] of Object.entries(source)) {
    if (IGNORED.includes(name) || member === null) continue;
    const field = mapping.get(name) ?? name;
    const { text, problem } = valueOf(member);
    if (problem !== undefined) return { fields, problem: `has a member ${JSON.stringify(name)} ${problem}`, source };
    fields.push([field, text]);
  }
  return { fields, source };
}

/** JSON.parse rounds numbers beyond 2^53−1. */
function valueOf(value: unknown): { readonly text: string; readonly problem?: string } {
  if (typeof value === 'string') return { text: value };
  if (typeof value !== 'number') return { text: '', problem: 'that is neither text nor number' };
  const text = String(value);
  if (Math.abs(value) <= Number.MAX_SAFE_INTEGER) return { text };
  return { text, problem: 'whose number is too large to be kept; write it as a text' };
}
