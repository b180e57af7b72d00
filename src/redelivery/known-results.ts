import type { RecordedFailure } from '../protocol/attempt-ledger.ts';
import { NO_METHOD } from '../protocol/catalogue.ts';
import type { Executed } from '../protocol/execution.ts';

/** Each time the process ended before it had executed the request. */
export class ProcessEndedError extends Error {
  override readonly name = 'ProcessEndedError';

  constructor() {
    super('the worker ended while it executed this request, each time');
  }
}

/** A failure that was recorded when the request was delivered before. */
export class FailedBeforeError extends Error {
  override readonly name = 'FailedBeforeError';
}

/** The request is not executed here; another delivery of it is. */
export const ABANDONED: Executed = { method: NO_METHOD, execution: { kind: 'abandoned' } };

/** The result of a request that ended its process `attempts` times. */
export function processEnded(attempts: number): Executed {
  const error = new ProcessEndedError();
  return { method: NO_METHOD, execution: { kind: 'defect', first: error, last: error, attempts, batch: 1 } };
}

/** The result that was recorded when the request was delivered before. */
export function failedBefore({ method, attempts, firstError, lastError }: RecordedFailure): Executed {
  const [first, last] = [new FailedBeforeError(firstError), new FailedBeforeError(lastError)];
  return { method, execution: { kind: 'defect', first, last, attempts, batch: 1 } };
}
