import type { BadDeadline } from '../protocol/request-key.ts';

// A fraction is what a clock with more than milliseconds gives; 16 digits hold 2^53.
const DECIMAL = /^(\d{1,16})(?:\.\d{1,20})?$/;

/**
 * The `deadline` header of a delivery, in whole milliseconds since the epoch: a number or its decimal digits; a fraction
 * of a millisecond is cut off. `undefined` where there is none, `wrong` where it is anything else.
 */
export function deadlineOf(headers: Readonly<Record<string, unknown>>): number | BadDeadline | undefined {
  const value: unknown = headers['deadline'];
  if (value === undefined || value === null) return undefined;
  const ms = typeof value === 'string' ? Number(DECIMAL.exec(value)?.[1] ?? NaN) : value;
  if (typeof ms === 'number' && ms >= 0 && ms <= Number.MAX_SAFE_INTEGER) return Math.floor(ms);
  return { wrong: `the header deadline is not a number of milliseconds since the epoch; it is ${kindOf(value)}` };
}

/** What stands there instead, never the value itself. */
function kindOf(value: unknown): string {
  if (typeof value === 'number') return value < 0 ? 'below 0' : 'out of range';
  if (typeof value === 'string') return /^\s*\d{4}-\d\d/.test(value) ? 'a date in words' : 'a text';
  if (Buffer.isBuffer(value)) return 'bytes';
  const type = typeof value === 'object' && value !== null && '!' in value ? value['!'] : undefined;
  if (type === 'timestamp') return 'an AMQP timestamp, which counts seconds';
  return type === 'decimal' ? 'an AMQP decimal' : 'no number at all';
}

/** The moment that no deadline in milliseconds lies before: March 1973. In seconds it lies in the year 5138. */
const SECONDS_END_HERE = 100_000_000_000;
/** Seconds since the epoch reached it in 2001. */
const SECONDS_BEGIN_HERE = 1_000_000_000;

/** What a deadline was perhaps meant as, where it lies so far back that nobody can have meant it; else nothing. */
export function deadlineHint(deadline: number): string {
  if (deadline >= SECONDS_END_HERE) return '';
  const meant = deadline >= SECONDS_BEGIN_HERE ? 'seconds' : 'a duration';
  return `; the deadline looks like ${meant}, it has to be a number of milliseconds since 1970`;
}
