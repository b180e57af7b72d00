/** A request that failed for good: what its answer and its dead letter say again when it is delivered once more. */
export interface RecordedFailure {
  readonly method: string;
  readonly attempts: number;
  readonly firstError: string;
  readonly lastError: string;
}

/** What is known of a request from before. */
export interface EarlierAttempts {
  /** Starts on record that have not ended: the process is gone, or still at it. The start that is begun is not among them. */
  readonly unended: number;
  /** The names of those starts, to be given to `end`. They mean nothing else: there may be fewer names than starts. */
  readonly starts: readonly string[];
  readonly failure?: RecordedFailure;
}

/**
 * Remembers, across processes, which requests were started and did not end. Shared by all workers, so that attempts do
 * not multiply with their number. A start has a name of its own, which makes every call safe to be run again: where one
 * rejects with `UnavailableError` its outcome is unknown, and running it again, however often and late, counts nothing twice
 * and takes nothing away from other starts.
 */
export interface AttemptLedger {
  /**
   * Records a start and tells what was known before it. Nothing is recorded where `most` named starts have not ended, or
   * a failure is on record: then the request is not to be started.
   */
  begin(id: string, start: string, most: number): Promise<EarlierAttempts>;
  /** These starts are over: they are forgotten, and a failure that one of them recorded. Other starts stay. */
  end(id: string, starts: readonly string[]): Promise<void>;
  /** The request failed for good in this start. Nothing is recorded where the start is not, or no longer, on record. */
  fail(id: string, start: string, failure: RecordedFailure): Promise<void>;
}
