/**
 * Which program is measured: this worker, the plain worker, the echo (the limit of the broker
 * itself), or another build of this worker, to show the effect of a change.
 */
export type Subject = 'worker' | 'plain' | 'echo' | 'other' | 'go' | 'spring' | 'nest' | 'rascal';

/** Milliseconds from sending a request to receiving its answer. */
export interface Latency {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** The resources that one process used under load. */
export interface Cost {
  /** Microseconds of processor time for each request, all threads. */
  readonly cpuMicros: number;
  /** Bytes allocated on the JavaScript heap for each request; absent of a program without one. */
  readonly allocatedBytes?: number;
  /** The process's peak memory since it started, in MiB. */
  readonly peakMiB: number;
  /** Absent of a program without Node's event loop, and in results older than this measurement. */
  readonly loop?: LoopDelay;
  /** The delay at the same time in a process that does nothing: what the machine itself causes. */
  readonly idleLoop?: LoopDelay;
}

/**
 * How much later than due a timer of 1 ms runs, in milliseconds. The maximum is the longest time
 * that the event loop was held, or up to 1 ms less.
 */
export interface LoopDelay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** One measurement. */
export interface Run {
  readonly subject: Subject;
  readonly workload: string;
  /** Requests in flight. */
  readonly inFlight: number;
  /** Worker processes on the queue. */
  readonly workers: number;
  /** Contacts in the database at the start. */
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
  /**
   * Mean size of the batches in which requests were executed; `undefined` where the subject has no
   * batches.
   */
  readonly batch: number | undefined;
}

/** One start of a process whose queue holds a request already. */
export interface ColdStartRun {
  readonly subject: Subject;
  readonly round: number;
  /** Milliseconds from spawning the process to the answer's arrival. */
  readonly ms: number;
}

/** Operations of the driver alone, without broker and XML. */
export interface RawRun {
  readonly workload: string;
  readonly round: number;
  /** One operation at a time: median in milliseconds; absent in results older than this figure. */
  readonly loneMs?: number;
  /** One operation for each request, 32 at a time. */
  readonly singlePerSecond: number;
  /** 64 in one call, two calls at a time; `undefined` where the driver has no such call. */
  readonly batchedPerSecond: number | undefined;
}

/**
 * Requests a second of the raw producer, and calls a second of the client library, with as many in
 * flight.
 */
export interface ClientRun {
  readonly workload: string;
  readonly round: number;
  readonly rawPerSecond: number;
  /** By direct reply-to. */
  readonly directPerSecond: number;
  /** With a named reply queue, as the raw producer has. */
  readonly namedPerSecond: number;
}

/** How much gets slow down when another stream of requests runs at the same time. */
export interface FairnessRun {
  readonly stream: string;
  readonly round: number;
  readonly alone: Latency;
  readonly beside: Latency;
  /** Gets per second without and with the other stream, and that stream's requests per second. */
  readonly getsPerSecondAlone: number;
  readonly getsPerSecond: number;
  readonly streamPerSecond: number;
}

/** One page of a list, requested alone. */
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
  /** Versions by name: node, broker, database and libraries; for a peer, all of its own in brackets. */
  readonly versions: Readonly<Record<string, string>>;
}

/** The results of one run of the benchmark; studies that were not requested are empty. */
export interface Results {
  readonly startedAt: string;
  readonly machine: Machine;
  readonly settings: { readonly seed: number; readonly rounds: number; readonly seconds: number };
  readonly throughput: readonly Run[];
  /** One request in flight; a run is the sum of the turns of its round. */
  readonly latency: readonly Run[];
  readonly longLists: readonly Run[];
  readonly coldStart: readonly ColdStartRun[];
  readonly inFlight: readonly Run[];
  readonly workers: readonly Run[];
  readonly growth: readonly Run[];
  readonly pages: readonly PageRun[];
  readonly raw: readonly RawRun[];
  readonly client: readonly ClientRun[];
  readonly fairness: readonly FairnessRun[];
  readonly backlog: readonly BacklogRun[];
}
