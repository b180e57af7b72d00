/** A request that failed for good: what its answer and its dead letter say again when it is delivered once more. */
export interface RecordedFailure {
  readonly method: string;
  readonly attempts: number;
  readonly firstError: string;
  readonly lastError: string;
}

/** What is known of a request from before. */
export interface EarlierAttempts {
  /** Starts that did not end: the process was gone before. */
  readonly unended: number;
  readonly failure?: RecordedFailure;
}

/**
 * Remembers, across processes, which requests were started and did not end. Shared by all workers, so that attempts do
 * not multiply with their number. Each call rejects with `Unavailable` where the store is away, and may be run again.
 */
export interface AttemptLedger {
  /** Counts one more start and tells what was known before it. */
  begin(id: string): Promise<EarlierAttempts>;
  /** The process survived it: what `begin` has counted is forgotten. */
  end(id: string): Promise<void>;
  /** It failed for good. */
  fail(id: string, failure: RecordedFailure): Promise<void>;
}
