import type { FaultCode } from './catalogue.ts';

/** One problem, as it is told to the caller. The message never quotes values of the request. */
export interface Fault {
  readonly code: FaultCode;
  /** The element at fault, where there is exactly one. */
  readonly field?: string;
  readonly message: string;
}

/** Problems of one request that its answer tells one by one; a request that is right has nine elements at most. */
const MAX_TOLD = 20;

/** The problems as they are told: of more than 20 the first 20, and how many there are. */
export function toldFaults(faults: readonly Fault[]): readonly Fault[] {
  const [first] = faults;
  if (first === undefined || faults.length <= MAX_TOLD) return faults;
  const others = faults.length - MAX_TOLD;
  const message = `${others} more ${others === 1 ? 'problem' : 'problems'}; there are ${faults.length} in all`;
  return [...faults.slice(0, MAX_TOLD), fault(first.code, message)];
}

export function fault(code: FaultCode, message: string, field?: string): Fault {
  return field === undefined ? { code, message } : { code, field, message };
}
