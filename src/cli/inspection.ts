/** What is known of one queue. */
export interface QueueState {
  readonly messages: number;
  readonly consumers: number;
}

/** One connection to the broker, to look and not to change. */
export interface BrokerInspection {
  /**
   * Returns `undefined` where the queue does not exist. Rejects where the broker refuses to say.
   */
  queue(name: string): Promise<QueueState | undefined>;
  /**
   * Returns what is different about the arguments of existing queues, in words; `undefined` where
   * they are right.
   */
  difference(requestQueue: string): Promise<string | undefined>;
  close(): Promise<void>;
}

/** Connects to the first broker that can be reached. Rejects with the reason. */
export type BrokerInspector = (urls: readonly string[], timeoutMs: number) => Promise<BrokerInspection>;

/** What the database says of itself. */
export interface DatabaseState {
  /** Whether it takes writes; a secondary does not. */
  readonly writable: boolean;
  /** Its clock, in milliseconds since the epoch. */
  readonly clock: number;
  readonly contacts: number;
}

/** Rejects with the reason where the database does not answer. */
export type DatabaseInspector = (url: string, timeoutMs: number) => Promise<DatabaseState>;
