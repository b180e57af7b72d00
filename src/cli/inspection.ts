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
  /** Writes of a worker that the user may not make, such as `insert into contacts`. */
  readonly missingRights: readonly string[];
  /** Whether a worker's collections exist; rights can be tried in them only. */
  readonly isPrepared: boolean;
  /** Its clock, in milliseconds since the epoch. */
  readonly clock: number;
  readonly contacts: number;
}

/**
 * Looks at the database of the settings; `undefined` where they name none. Rejects with the reason
 * where it does not answer or confirms no writes, and with `CommandError` where a setting is not
 * usable.
 */
export type DatabaseInspector = (timeoutMs: number) => Promise<DatabaseState | undefined>;

/** What `contacts claims` found and did. */
export interface FilledClaims {
  readonly contacts: number;
  readonly added: number;
  readonly marked: number;
  readonly removed: number;
}

/** `waitMs`: for creates of workers without claims. Rejects with `CommandError`. */
export type ClaimsFiller = (waitMs: number) => Promise<FilledClaims>;
