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

/** Operations of the driver alone, without broker and XML. */
export interface RawRun {
  readonly workload: string;
  readonly round: number;
  /** One operation for each request, 32 at a time. */
  readonly singlePerSecond: number;
  /** 64 in one call, two calls at a time; `undefined` where there is no such call. */
  readonly batchedPerSecond: number | undefined;
}

/** Requests a second of the raw producer, and calls a second of the client library, with as many in flight. */
export interface ClientRun {
  readonly workload: string;
  readonly round: number;
  readonly rawPerSecond: number;
  /** By direct reply-to. */
  readonly directPerSecond: number;
  /** With a named reply queue, as the raw producer has. */
  readonly namedPerSecond: number;
}

/** What gets suffer from another stream of requests beside them. */
export interface FairnessRun {
  readonly stream: string;
  readonly round: number;
  readonly alone: Latency;
  readonly beside: Latency;
  /** Gets a second without and with the other stream, and requests of that a second. */
  readonly getsPerSecondAlone: number;
  readonly getsPerSecond: number;
  readonly streamPerSecond: number;
}

/** One page after another, with nothing beside them. */
export interface PageRun {
  readonly list: string;
  readonly page: number;
  readonly contacts: number;
  readonly latency: Latency;
}

/** A queue that filled while no worker ran. */
export interface BacklogRun {
  readonly requests: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly peakMiB: number;
}

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  /** Name to version: node, broker, database and libraries. */
  readonly versions: Readonly<Record<string, string>>;
}

/** All that one run of the benchmark has found out; what was not asked for is empty. */
export interface Results {
  readonly startedAt: string;
  readonly machine: Machine;
  readonly settings: { readonly seed: number; readonly rounds: number; readonly seconds: number };
  readonly throughput: readonly Run[];
  readonly inFlight: readonly Run[];
  readonly workers: readonly Run[];
  readonly growth: readonly Run[];
  readonly pages: readonly PageRun[];
  readonly raw: readonly RawRun[];
  readonly client: readonly ClientRun[];
  readonly fairness: readonly FairnessRun[];
  readonly backlog: readonly BacklogRun[];
}
