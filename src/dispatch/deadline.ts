/**
 * The `deadline` header of a delivery, in milliseconds since the epoch: a number or its decimal digits. `undefined`
 * where there is none, `invalid` where it is anything else.
 */
export function deadlineOf(headers: Readonly<Record<string, unknown>>): number | 'invalid' | undefined {
  const value: unknown = headers['deadline'];
  if (value === undefined || value === null) return undefined;
  const ms = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
  return typeof ms === 'number' && Number.isSafeInteger(ms) && ms >= 0 ? ms : 'invalid';
}
