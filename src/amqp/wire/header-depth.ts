/**
 * Position of the headers in the payload of a content header frame: `start` is at their length
 * field, `end` behind their last byte.
 */
export interface HeaderSpan {
  readonly start: number;
  readonly end: number;
}

const FLAGS_AT = 12;
const HAS_CONTENT_TYPE = 0x8000;
const HAS_CONTENT_ENCODING = 0x4000;
export const HAS_HEADERS = 0x2000;

/** `undefined` where there are no headers, or where they do not end within the payload. */
export function headerSpan(payload: Buffer): HeaderSpan | undefined {
  const flags = payload.readUInt16BE(FLAGS_AT);
  if ((flags & HAS_HEADERS) === 0) return undefined;
  let start = FLAGS_AT + 2;
  for (const flag of [HAS_CONTENT_TYPE, HAS_CONTENT_ENCODING]) {
    if ((flags & flag) !== 0) start += 1 + (payload[start] ?? 0);
  }
  if (start + LENGTH_BYTES > payload.length) return undefined;
  const end = start + LENGTH_BYTES + payload.readUInt32BE(start);
  return end > payload.length ? undefined : { start, end };
}

/**
 * Size in bytes of a value of each type, by its tag. Types that are missing here have a length
 * field and a content.
 */
const FIXED_BYTES: Readonly<Record<string, number>> = {
  b: 1,
  B: 1,
  t: 1,
  s: 2,
  u: 2,
  I: 4,
  i: 4,
  f: 4,
  d: 8,
  l: 8,
  T: 8,
  D: 5,
  V: 0,
};
const LENGTH_BYTES = 4;

/** A table or an array that is being read. */
interface Nest {
  readonly end: number;
  readonly keyed: boolean;
}

/**
 * Whether the headers at `span` are complete and nested at most `deepest` levels deep. Reads
 * without recursion, so that no nesting can exhaust the stack.
 */
export function headersAreReadable(payload: Buffer, span: HeaderSpan, deepest: number): boolean {
  return countValues(payload, span, deepest) !== undefined;
}

/**
 * The number of values in the headers at `span`, those in tables and arrays included. `undefined`
 * where they are not complete, or nested more than `deepest` levels deep.
 */
export function countValues(payload: Buffer, { start, end }: HeaderSpan, deepest: number): number | undefined {
  const nests: Nest[] = [{ end, keyed: true }];
  let count = 0;
  let offset = start + LENGTH_BYTES;
  for (let nest = nests.at(-1); nest !== undefined; nest = nests.at(-1)) {
    if (offset === nest.end) {
      nests.pop();
      continue;
    }
    const value = valueAt(payload, nest.keyed ? offset + 1 + (payload[offset] ?? 0) : offset);
    if (value === undefined || value.end > nest.end) return undefined;
    count += 1;
    offset = value.start;
    if (offset === value.end) continue;
    if (nests.length > deepest) return undefined;
    nests.push({ end: value.end, keyed: value.tag === 'F' });
  }
  return count;
}

/**
 * The payload with those of its headers alone that have one of the names, and of several with the
 * same name the last one, as amqplib decodes it; the headers must be readable. `undefined` where one
 * of them is longer than `maxBytes`.
 */
export function withHeadersNamed(
  payload: Buffer,
  { start, end }: HeaderSpan,
  names: ReadonlySet<string>,
  maxBytes: number,
): Buffer | undefined {
  const kept = new Map<string, Buffer>();
  for (let offset = start + LENGTH_BYTES; offset < end;) {
    const valueStart = offset + 1 + (payload[offset] ?? 0);
    const after = valueAt(payload, valueStart)?.end ?? end;
    const name = payload.toString('latin1', offset + 1, valueStart);
    if (names.has(name)) {
      if (after - offset > maxBytes) return undefined;
      kept.set(name, payload.subarray(offset, after));
    }
    offset = after;
  }
  const table = Buffer.concat([Buffer.alloc(LENGTH_BYTES), ...kept.values()]);
  table.writeUInt32BE(table.length - LENGTH_BYTES);
  return Buffer.concat([payload.subarray(0, start), table, payload.subarray(end)]);
}

/**
 * The end of the value whose type tag is at `offset`. `start` differs from `end` only where the
 * value holds other values.
 */
function valueAt(
  payload: Buffer,
  offset: number,
): { readonly tag: string; readonly start: number; readonly end: number } | undefined {
  const tag = String.fromCharCode(payload[offset] ?? 0);
  const fixed = FIXED_BYTES[tag];
  if (fixed !== undefined) return { tag, start: offset + 1 + fixed, end: offset + 1 + fixed };
  const start = offset + 1 + LENGTH_BYTES;
  if (!'SxFA'.includes(tag) || start > payload.length) return undefined;
  const end = start + payload.readUInt32BE(offset + 1);
  return { tag, start: tag === 'F' || tag === 'A' ? start : end, end };
}
