/**
 * Broker or database is unavailable, or the outcome of a call is unknown. Not the request's fault:
 * hold it and retry.
 */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError';
}

/**
 * The store rejects a call with an error that an immediate retry does not resolve. Where every
 * write meets the same error it is treated as an outage (dispatch/circuit-breaker.ts). The message
 * names the call and the error, never a value of a request or a document.
 */
export class StoreDefectError extends Error {
  override readonly name: string = 'StoreDefectError';
  /** The store's error number, where there is one. */
  readonly code: number | undefined;

  constructor(message: string, code?: number) {
    super(message);
    this.code = code;
  }
}

/**
 * What is stored, or how, does not fit. Only a person can fix it, and the message says how. A
 * restart before that is useless.
 */
export class StoreMismatchError extends StoreDefectError {
  override readonly name = 'StoreMismatchError';
}
