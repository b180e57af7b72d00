/**
 * An encoded AMQP 1.0 value: its type (constructor), its bytes, and the members of a list or map.
 */
export interface Amqp10Value {
  readonly constructorCode: number;
  readonly bytes: Buffer;
  /** Members of a list; keys and values of a map in turn. */
  readonly items: readonly Amqp10Value[];
  /** Only for described values. */
  readonly descriptor?: number;
}

/** Deeper values are accepted with their members unread. */
const MAX_DEPTH = 64;
const DESCRIBED = 0;
/**
 * Size in bytes by the first half of the constructor. From 0xa on a length of 1 or 4 bytes precedes
 * the value.
 */
const FIXED_BYTES = [0, 0, 0, 0, 0, 1, 2, 4, 8, 16];
const FIRST_COMPOUND = 0xc;
const FIRST_ARRAY = 0xe;

/**
 * Reads the value at `offset`; `end` is the offset behind it. Throws a `RangeError` where it is
 * incomplete.
 */
export function readAmqp10(
  source: Buffer,
  offset: number,
  depth = 0,
): { readonly value: Amqp10Value; readonly end: number } {
  const constructorCode = source.readUInt8(offset);
  if (constructorCode === DESCRIBED) {
    const descriptor = readAmqp10(source, offset + 1, depth + 1);
    const { value, end } = readAmqp10(source, descriptor.end, depth + 1);
    return { value: { ...value, descriptor: numberOf(descriptor.value) ?? -1 }, end };
  }
  const category = constructorCode >> 4;
  const fixed = FIXED_BYTES[category];
  const lengthBytes = fixed === undefined ? 1 + 3 * (category & 1) : 0;
  const start = offset + 1 + lengthBytes;
  const end = start + (fixed ?? source.readUIntBE(offset + 1, lengthBytes));
  if (end > source.length) throw new RangeError('an AMQP 1.0 value is truncated');
  const bytes = source.subarray(start, end);
  const compound = category >= FIRST_COMPOUND && category < FIRST_ARRAY && depth < MAX_DEPTH;
  return { value: { constructorCode, bytes, items: compound ? membersOf(bytes, lengthBytes, depth) : [] }, end };
}

function membersOf(bytes: Buffer, countBytes: number, depth: number): Amqp10Value[] {
  const items: Amqp10Value[] = [];
  let offset = countBytes;
  while (offset < bytes.length) {
    const { value, end } = readAmqp10(bytes, offset, depth + 1);
    items.push(value);
    offset = end;
  }
  return items;
}

/** An unsigned integer of up to 32 bits; a longer type if the value fits. */
export function numberOf(value: Amqp10Value | undefined): number | undefined {
  const category = (value?.constructorCode ?? 0) >> 4;
  if (value === undefined || category < 4 || category > 8) return undefined;
  if (value.bytes.length === 8) return Number(value.bytes.readBigUInt64BE());
  return value.bytes.length === 0 ? 0 : value.bytes.readUIntBE(0, value.bytes.length);
}

export function isTrue(value: Amqp10Value | undefined): boolean {
  return value?.constructorCode === 0x41 || (value?.constructorCode === 0x56 && value.bytes[0] === 1);
}

/** A string or symbol. */
export function textOf(value: Amqp10Value | undefined): string | undefined {
  return value !== undefined && [0xa1, 0xb1, 0xa3, 0xb3].includes(value.constructorCode)
    ? value.bytes.toString('utf8')
    : undefined;
}

export const NULL = Buffer.from([0x40]);
export const TRUE = Buffer.from([0x41]);
export const FALSE = Buffer.from([0x42]);

export function uint(value: number): Buffer {
  const bytes = Buffer.from([0x70, 0, 0, 0, 0]);
  bytes.writeUInt32BE(value >>> 0, 1);
  return bytes;
}

export function string(text: string): Buffer {
  return sized(0xb1, Buffer.from(text));
}

export function symbol(text: string): Buffer {
  return sized(0xb3, Buffer.from(text));
}

export function binary(bytes: Buffer): Buffer {
  return sized(0xb0, bytes);
}

export function described(descriptor: number, fields: readonly Buffer[]): Buffer {
  const count = Buffer.alloc(4);
  count.writeUInt32BE(fields.length);
  return Buffer.concat([Buffer.from([DESCRIBED, 0x53, descriptor]), sized(0xd0, Buffer.concat([count, ...fields]))]);
}

function sized(constructorCode: number, content: Buffer): Buffer {
  const start = Buffer.from([constructorCode, 0, 0, 0, 0]);
  start.writeUInt32BE(content.length, 1);
  return Buffer.concat([start, content]);
}
