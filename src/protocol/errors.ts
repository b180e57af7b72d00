/** Broker or database cannot be used now, or the outcome of a call is unknown. Not the request's fault: hold it and try again. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError';
}

/**
 * The store refuses a call by an error that running it again at once does not mend. Where every write meets the same one it is
 * treated as an outage (dispatch/brake.ts). The message names the call and the error, never a value of a request or a document.
 */
export class StoreDefectError extends Error {
  override readonly name: string = 'StoreDefectError';
  /** The store's own number of the error, where there is one. */
  readonly code: number | undefined;

  constructor(message: string, code?: number) {
    super(message);
    this.code = code;
  }
}

/** What is stored, or how, does not fit, and only a person can mend it: the message says how. Starting again is of no use before. */
export class StoreMismatchError extends StoreDefectError {
  override readonly name = 'StoreMismatchError';
}
