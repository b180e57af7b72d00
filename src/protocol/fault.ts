import type { FaultCode } from './catalogue.ts';

/**
 * One problem of a request, as its answer reports it. The message never quotes values of the
 * request.
 */
export interface Fault {
  readonly code: FaultCode;
  /** The element at fault, where it is exactly one. */
  readonly field?: string;
  readonly message: string;
}

/** Faults that an answer lists one by one. A valid request has at most nine elements. */
export const MAX_LISTED = 20;

/** The faults that the answer lists: all, or the first 20 and their total number. */
export function listedFaults(faults: readonly Fault[]): readonly Fault[] {
  const [first] = faults;
  if (first === undefined || faults.length <= MAX_LISTED) return faults;
  const others = faults.length - MAX_LISTED;
  const message = `${others} more ${others === 1 ? 'problem' : 'problems'}; there are ${faults.length} in all`;
  return [...faults.slice(0, MAX_LISTED), fault(first.code, message)];
}

export function fault(code: FaultCode, message: string, field?: string): Fault {
  return field === undefined ? { code, message } : { code, field, message };
}
