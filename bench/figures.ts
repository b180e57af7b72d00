/**
 * Who is measured: this worker, a plain one, a mere echo, which is the broker's own limit, and another build of this
 * worker, to tell what a change has brought.
 */
export type Subject = 'worker' | 'plain' | 'echo' | 'other';

/** Milliseconds from the sending of a request to the arrival of its answer. */
export interface Latency {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** What one process under load took for itself. */
export interface Cost {
  /** Microseconds of processor time for each request, all threads. */
  readonly cpuMicros: number;
  /** Bytes allocated on the JavaScript heap for each request. */
  readonly allocatedBytes: number;
  /** MiB, the most that the process has held since it began. */
  readonly peakMiB: number;
  /** Milliseconds, 99th percentile of the delay of the event loop. */
  readonly loopDelayP99: number;
}

/** One measurement. */
export interface Run {
  readonly subject: Subject;
  readonly workload: string;
  /** Requests that the producer keeps unanswered. */
  readonly inFlight: number;
  /** Worker processes on the queue. */
  readonly workers: number;
  /** Contacts in the database at its beginning. */
  readonly contacts: number;
  readonly round: number;
  readonly requests: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** Answers whose status was not ok. */
  readonly failed: number;
  readonly latency: Latency;
  /** Of the first process. */
  readonly cost: Cost;
  /** Mean size of the batches that requests were executed in; `undefined` where there are none. */
  readonly batch: number | undefined;
}
