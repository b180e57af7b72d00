/** Broker or database cannot be used now, or the outcome of a call is unknown. Not the request's fault: hold it and try again. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError';
}
