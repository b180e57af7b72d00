/**
 * A request that failed for good: what its answer and its dead letter repeat when it is
 * redelivered.
 */
export interface RecordedFailure {
  readonly method: string;
  readonly attempts: number;
  readonly firstError: string;
  readonly lastError: string;
}

/** What is known of a request from earlier deliveries. */
export interface EarlierAttempts {
  /**
   * Recorded starts that have not ended: their process ended, or still executes them. Excludes the
   * start that begins now.
   */
  readonly unended: number;
  /** The names of those starts, to be passed to `end`. There may be fewer names than starts. */
  readonly starts: readonly string[];
  readonly failure?: RecordedFailure;
}

/**
 * Remembers, across processes, which requests started and did not end. All workers share it, so
 * that attempts do not multiply with their number. Each start has a unique name, which makes every
 * call idempotent: where one rejects with `UnavailableError` its outcome is unknown, and repeating
 * it, however often and late, counts nothing twice and removes no other start.
 */
export interface AttemptLedger {
  /**
   * Records a start and returns what was known before it. Records nothing where `most` named starts
   * have not ended, or a failure is on record: the request must not start then.
   */
  begin(id: string, start: string, most: number): Promise<EarlierAttempts>;
  /** Deletes these starts, and a failure that one of them recorded. Other starts stay. */
  end(id: string, starts: readonly string[]): Promise<void>;
  /**
   * Records that the request failed for good in this start. Records nothing where the start is not
   * on record.
   */
  fail(id: string, start: string, failure: RecordedFailure): Promise<void>;
}
