/**
 * One problem of a request, as its answer reports it. `field` is the wire's name, where exactly one
 * is at fault.
 */
export interface Problem {
  readonly code: string;
  readonly field?: string;
  readonly message: string;
}

/**
 * Codes of failures that no answer reports. `CONNECTION_FAILED`: `connect` reached no broker.
 * `INVALID_ARGUMENT`: an option cannot be used. `UNROUTABLE`: there is no such queue.
 * `ACCESS_REFUSED`: the broker does not let this user send. `TOO_MANY_CALLS`: `maxWaiting` calls
 * wait already. `TIMEOUT`: no answer in time. `CLOSED`: the client is closed. `BAD_ANSWER`: the
 * answer is not one of this interface.
 */
export type ClientErrorCode =
  | 'CONNECTION_FAILED'
  | 'INVALID_ARGUMENT'
  | 'UNROUTABLE'
  | 'ACCESS_REFUSED'
  | 'TOO_MANY_CALLS'
  | 'TIMEOUT'
  | 'CLOSED'
  | 'BAD_ANSWER';

interface Details extends ErrorOptions {
  readonly messageId?: string | undefined;
  readonly outcomeUnknown?: boolean;
}

/** Every error of the client is one. `code` is a code of the answer, or a `ClientErrorCode`. */
export class ContactsError extends Error {
  override readonly name: string = 'ContactsError';
  readonly code: string;
  /** The request's `message_id`, where a request was made: a retry with it has no second effect. */
  readonly messageId: string | undefined;
  /**
   * Whether the request may have had its effect: it was sent and not answered. Another call with
   * `messageId` is safe and returns the outcome.
   */
  readonly outcomeUnknown: boolean;

  constructor(code: string, message: string, { messageId, outcomeUnknown = false, ...options }: Details = {}) {
    super(message, options);
    this.code = code;
    this.messageId = messageId;
    this.outcomeUnknown = outcomeUnknown;
  }
}

/**
 * The request was answered with a failure. `code` is that of the first of `problems`; `message`
 * lists them all.
 */
export class RequestFailedError extends ContactsError {
  override readonly name: string = 'RequestFailedError';
  /** At least one, in document order. */
  readonly problems: readonly Problem[];

  constructor(problems: readonly [Problem, ...Problem[]], messageId?: string) {
    super(problems[0].code, problems.map(({ message }) => message).join('; '), { messageId });
    this.problems = problems;
  }
}

/** The contact does not exist. */
export class NotFoundError extends RequestFailedError {
  override readonly name = 'NotFoundError';
}

/** The deadline passed before the request was executed. It had no effect. */
export class ExpiredError extends RequestFailedError {
  override readonly name = 'ExpiredError';
}

/**
 * The broker returned the request, as there is no such queue. Unless `outcomeUnknown` is set, it
 * had no effect.
 */
export class UnroutableError extends ContactsError {
  override readonly name = 'UnroutableError';

  constructor(queue: string, details: Details) {
    super('UNROUTABLE', `there is no queue ${queue}: has a worker run on it?`, details);
  }
}

/**
 * No answer came within `timeoutMs`. Unless `outcomeUnknown` is `false`, the request was sent: a
 * retry with the same `messageId` is safe.
 */
export class TimeoutError extends ContactsError {
  override readonly name = 'TimeoutError';

  /** `obstacle`: why the broker is not connected, where it is not. */
  constructor(timeoutMs: number, state: string, obstacle: string | undefined, details: Details) {
    const reason = obstacle === undefined ? '' : ` (${obstacle})`;
    super('TIMEOUT', `no answer within ${timeoutMs} ms: ${state}${reason}`, details);
  }
}

/** The client is closed. `outcomeUnknown`: the request was under way. */
export class ClosedError extends ContactsError {
  override readonly name = 'ClosedError';

  constructor(details: Details) {
    super('CLOSED', 'the client is closed', details);
  }
}

/** `connect` could not open a connection, or not use it. */
export class ConnectionError extends ContactsError {
  override readonly name = 'ConnectionError';

  constructor(reason: string) {
    super('CONNECTION_FAILED', reason);
  }
}

/** The error of an answer with these problems. */
export function requestFailure(problems: readonly [Problem, ...Problem[]], messageId: string): RequestFailedError {
  const [{ code }] = problems;
  if (code === 'NOT_FOUND') return new NotFoundError(problems, messageId);
  if (code === 'EXPIRED') return new ExpiredError(problems, messageId);
  return new RequestFailedError(problems, messageId);
}

/** The error of an option or argument that cannot be used. */
export function invalidArgument(message: string): ContactsError {
  return new ContactsError('INVALID_ARGUMENT', message);
}
