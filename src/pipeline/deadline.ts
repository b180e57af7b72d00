import { HEADERS } from '../protocol/catalogue.ts';
import { deadlineMs } from '../protocol/deadline.ts';
import type { BadDeadline } from '../protocol/request-key.ts';

// Clocks finer than milliseconds produce a fraction; 16 digits hold 2^53.
const DECIMAL = /^(\d{1,16})(?:\.\d{1,20})?$/;

/**
 * The `deadline` header, in whole milliseconds since the epoch: a number or its decimal digits,
 * without fractions of a millisecond. `undefined` where there is none, `wrong` where it is anything
 * else.
 */
export function deadlineOf(headers: Readonly<Record<string, unknown>>): number | BadDeadline | undefined {
  const value: unknown = headers[HEADERS.deadline];
  if (value === undefined || value === null) return undefined;
  const number = typeof value === 'string' ? Number(DECIMAL.exec(value)?.[1] ?? NaN) : value;
  const ms = typeof number === 'number' ? deadlineMs(number) : undefined;
  if (ms !== undefined) return ms;
  return { wrong: `the header deadline is not a number of milliseconds since the epoch; it is ${kindOf(value)}` };
}

/** What the header holds instead. Never the value itself. */
function kindOf(value: unknown): string {
  if (typeof value === 'number') return value < 0 ? 'below 0' : 'out of range';
  if (typeof value === 'string') return /^\s*\d{4}-\d\d/.test(value) ? 'a date in words' : 'a text';
  if (Buffer.isBuffer(value)) return 'bytes';
  const type = typeof value === 'object' && value !== null && '!' in value ? value['!'] : undefined;
  if (type === 'timestamp') return 'an AMQP timestamp, which counts seconds';
  return type === 'decimal' ? 'an AMQP decimal' : 'no number at all';
}
