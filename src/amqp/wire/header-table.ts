/** Maximum levels of tables and arrays in a header that is sent again. */
const MAX_LEVELS = 32;

/** Size in bytes of a short string in a frame; `undefined` where it is too long to be sent. */
export function shortTextSize(text: string): number | undefined {
  const bytes = Buffer.byteLength(text);
  return bytes > 255 ? undefined : 1 + bytes;
}

/**
 * Maximum size in bytes of a header in a frame, name included. `undefined` where amqplib cannot
 * encode it as it was received: numbers that are not finite or out of range, names that were not
 * UTF-8 and grew too long, tables that look like amqplib's notations, too many levels.
 */
export function headerSize(name: string, value: unknown): number | undefined {
  const nameSize = shortTextSize(name);
  const size = valueSize(value, MAX_LEVELS);
  return nameSize === undefined || size === undefined ? undefined : nameSize + size;
}

function valueSize(value: unknown, levels: number): number | undefined {
  if (typeof value === 'string') return 5 + Buffer.byteLength(value);
  if (typeof value === 'number') return isSendable(value) ? 9 : undefined;
  if (typeof value === 'boolean') return 2;
  if (value === null) return 1;
  return typeof value === 'object' ? objectSize(value, levels) : undefined;
}

/**
 * amqplib encodes a number as a double only where it has a fraction and is below 2^50, or is at
 * least 2^63; every other number as a 64-bit integer.
 */
function isSendable(value: number): boolean {
  return value >= -(2 ** 63) && (Math.abs(value) < 2 ** 50 || value >= 2 ** 63 || Number.isInteger(value));
}

function objectSize(value: object, levels: number): number | undefined {
  if (Buffer.isBuffer(value)) return 5 + value.length;
  if (Object.hasOwn(value, '!')) return notationSize(value as Readonly<Record<string, unknown>>);
  // A received field `__proto__` becomes the prototype, whose fields would be sent as the table's
  // own.
  const isPlain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
  if (levels === 0 || !isPlain) return undefined;
  let total = 5;
  for (const [name, item] of Object.entries(value)) {
    const size = Array.isArray(value) ? valueSize(item, levels - 1) : nestedSize(name, item, levels - 1);
    if (size === undefined) return undefined;
    total += size;
  }
  return total;
}

function nestedSize(name: string, value: unknown, levels: number): number | undefined {
  const nameSize = shortTextSize(name);
  const size = valueSize(value, levels);
  return nameSize === undefined || size === undefined ? undefined : nameSize + size;
}

/** amqplib's notation for AMQP types that JavaScript lacks, as far as amqplib decodes to it. */
function notationSize(notation: Readonly<Record<string, unknown>>): number | undefined {
  const { '!': type, value } = notation;
  if (Object.keys(notation).length !== 2) return undefined;
  if (type === 'timestamp') return isTimestamp(value) ? 9 : undefined;
  if (type !== 'decimal' || typeof value !== 'object' || value === null) return undefined;
  const { places, digits } = value as Readonly<Record<string, unknown>>;
  return isWholeWithin(places, 2 ** 8) && isWholeWithin(digits, 2 ** 32) ? 6 : undefined;
}

/** Whether it can be sent as a timestamp: an unsigned 64-bit integer. */
export function isTimestamp(value: unknown): value is number {
  return isWholeWithin(value, 2 ** 64);
}

function isWholeWithin(value: unknown, limit: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < limit;
}
