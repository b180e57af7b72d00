import type { Options } from 'amqplib';

const FRAME_BYTES = 8;
/** Class, weight, body size, flags. */
const START_BYTES = 14;
const LENGTH_BYTES = 4;
/** Tag and the longest number. */
const NUMBER_BYTES = 9;

/**
 * The maximum size in bytes of the content header frame of a message with these options. Such a
 * frame cannot be split.
 */
export function contentHeaderBytes({ headers, ...properties }: Options.Publish): number {
  const texts = Object.values(properties).reduce(
    (sum: number, value: unknown) => sum + (typeof value === 'string' ? 1 + Buffer.byteLength(value) : NUMBER_BYTES),
    0,
  );
  return FRAME_BYTES + START_BYTES + texts + valueBytes(headers ?? {});
}

function tableBytes(table: object): number {
  return Object.entries(table).reduce((sum, [name, value]) => sum + 1 + Buffer.byteLength(name) + valueBytes(value), 0);
}

function valueBytes(value: unknown): number {
  if (typeof value === 'string') return 1 + LENGTH_BYTES + Buffer.byteLength(value);
  if (Buffer.isBuffer(value)) return 1 + LENGTH_BYTES + value.length;
  if (Array.isArray(value)) {
    return value.reduce((sum: number, item: unknown) => sum + valueBytes(item), 1 + LENGTH_BYTES);
  }
  // amqplib's notation for numbers of types that JavaScript lacks.
  if (typeof value !== 'object' || value === null || '!' in value) return NUMBER_BYTES;
  return 1 + LENGTH_BYTES + tableBytes(value);
}
