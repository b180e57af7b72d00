import type { DeadLetterQueue } from '../protocol/dead-letter.ts';

/** `nothing`: no letter matched. `stopped`: as shells tell an end by Ctrl-C. */
export const EXIT = { done: 0, failed: 1, usage: 2, nothing: 3, stopped: 130 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What the command works with. */
export interface CommandContext {
  readonly requestQueue: string;
  readonly open: () => Promise<DeadLetterQueue>;
  /** Reads the method off a request's bytes. Must not throw. */
  readonly methodOf: (body: Uint8Array) => string | undefined;
  /** Writes a line to standard output. */
  readonly out: (line: string) => void;
  /** Writes a line to standard error. */
  readonly err: (line: string) => void;
  /** Resolves when what was written has been taken. */
  readonly drained: () => Promise<void>;
  /** Aborted when the person wants an end: what is held is given back in its order. */
  readonly stop?: AbortSignal | undefined;
  /** Asks the person at the terminal; `undefined` where there is none. */
  readonly ask: ((question: string) => Promise<boolean>) | undefined;
}
