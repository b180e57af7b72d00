/** Every failure that can be answered: the code as it stands on the wire and when it is used. */
export const FAULT_CODES = {
  MALFORMED_XML: 'the document is not well-formed, not decodable, has a DOCTYPE or is too deep',
  UNSUPPORTED_ENCODING: 'the declared or marked encoding is not one of the five that are read',
  REQUEST_TOO_LARGE: 'the body is larger than MAX_REQUEST_BYTES',
  INVALID_REQUEST: 'well-formed, but not one <request method="…">',
  UNKNOWN_METHOD: 'there is no such method',
  INVALID_PARAMS: 'fields are missing, empty, unknown, repeated or ill-typed',
  NOT_FOUND: 'the contact does not exist',
  EXPIRED: 'the deadline passed before the request was executed',
  INTERNAL_ERROR: 'a defect; the request is in the dead-letter queue',
} as const;

export type FaultCode = keyof typeof FAULT_CODES;

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
