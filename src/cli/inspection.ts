import type { RequestQueue, RequestQueues } from '../protocol/request-queues.ts';

/** What is known of one queue. */
export interface QueueState {
  readonly messages: number;
  readonly consumers: number;
}

/** A read-only connection to the broker. */
export interface BrokerInspection {
  /**
   * Returns `undefined` where the queue does not exist. Rejects where the broker refuses access.
   */
  queue(name: string): Promise<QueueState | undefined>;
  /**
   * All messages of the request queues, and the number of workers that consume them, 0 where nobody
   * consumes one of them; `undefined` where a queue does not exist.
   */
  requests(queues: RequestQueues): Promise<QueueState | undefined>;
  /**
   * Describes how the arguments of existing queues differ from the worker's; `undefined` where
   * they are equal.
   */
  difference(requestQueue: RequestQueue): Promise<string | undefined>;
  close(): Promise<void>;
}

/** Connects to the first broker that can be reached. Rejects with the reason. */
export type BrokerInspector = (urls: readonly string[], timeoutMs: number) => Promise<BrokerInspection>;

/** The state that the database reports. */
export interface DatabaseState {
  /** Whether it accepts writes; a secondary does not. */
  readonly writable: boolean;
  /** Its clock, in milliseconds since the epoch. */
  readonly clock: number;
  readonly contacts: number;
}

/** Rejects with the reason where the database does not answer. */
export type DatabaseInspector = (url: string, timeoutMs: number) => Promise<DatabaseState>;
