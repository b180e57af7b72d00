/**
 * One stay of a batch at the store, from its first attempt to its results. Its requests share the
 * object, which therefore identifies the batch.
 */
export interface BatchRun {
  /** Milliseconds of `performance.now()`, as all moments here. */
  readonly begunAt: number;
  readonly endedAt: number;
  /** Requests that got their result from it. */
  readonly size: number;
}

/**
 * The moments that one request passes, in milliseconds of `performance.now()`; 0 where it does not
 * pass them.
 */
export interface Timeline {
  readonly receivedAt: number;
  /** It is admitted, and its document is decoded next. */
  readonly admittedAt: number;
  readonly decodedAt: number;
  /** `undefined` where nothing was executed. */
  readonly run: BatchRun | undefined;
  /** Its result is known, and its answer is encoded next. */
  readonly concludedAt: number;
  readonly encodedAt: number;
  /** The broker has confirmed the answer, or nothing was sent. */
  readonly repliedAt: number;
}

/** The stages of which the duration of a request consists. */
export interface StageDurations {
  readonly decode: number;
  readonly database: number;
  readonly encode: number;
  readonly confirm: number;
  /** All that is none of the others: its turn, its batch, and the other requests of the process. */
  readonly wait: number;
}

/** In milliseconds; 0 for a stage that the request did not pass. They add up to its duration. */
export function stageDurations(timeline: Timeline): StageDurations {
  const { receivedAt, admittedAt, decodedAt, run, concludedAt, encodedAt, repliedAt } = timeline;
  const decode = decodedAt === 0 ? 0 : decodedAt - admittedAt;
  const database = run === undefined ? 0 : run.endedAt - run.begunAt;
  const encode = encodedAt - concludedAt;
  const confirm = repliedAt - encodedAt;
  const wait = Math.max(0, repliedAt - receivedAt - decode - database - encode - confirm);
  return { decode, database, encode, confirm, wait };
}
