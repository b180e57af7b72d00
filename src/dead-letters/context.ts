import type { DeadLetterQueue } from '../protocol/dead-letter.ts';

/** What the command works with. */
export interface CommandContext {
  readonly requestQueue: string;
  readonly open: () => Promise<DeadLetterQueue>;
  /** Reads the method from a request's bytes. Must not throw. */
  readonly methodOf: (body: Uint8Array) => string | undefined;
  /** Writes a line to standard output. */
  readonly out: (line: string) => void;
  /** Writes a line to standard error. */
  readonly err: (line: string) => void;
  /** Resolves when standard output accepts more. */
  readonly drained: () => Promise<void>;
  /**
   * Aborted when the person interrupts the command: unsettled letters are requeued in their order.
   */
  readonly stop?: AbortSignal | undefined;
  /** Asks the person at the terminal; `undefined` where there is no terminal. */
  readonly ask: ((question: string) => Promise<boolean>) | undefined;
}
