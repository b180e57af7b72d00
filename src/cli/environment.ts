import type { Readable, Writable } from 'node:stream';

import type { ConsoleRequest } from './console-request.ts';
import type { Contacts } from './contacts.ts';
import type { BrokerInspector, ClaimsFiller, DatabaseInspector } from './inspection.ts';

/** Where requests go; checked. */
export interface Connection {
  readonly urls: readonly string[];
  readonly queue: string;
  readonly queues: number;
  readonly appId: string;
  readonly timeoutMs: number;
  readonly maxInFlight?: number | undefined;
}

/** What the commands use of their process. Only src/cli.ts builds it from the real process. */
export interface CliEnvironment {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable;
  readonly stdout: Output;
  readonly stderr: Writable & { readonly isTTY?: boolean };
  /** Aborted by Ctrl-C or SIGTERM. */
  readonly stop: AbortSignal;
  /** Rejects with `CommandError` where a setting is not usable. */
  readonly settings: (given: Given) => Promise<Pick<Connection, 'urls' | 'queue' | 'queues'>>;
  readonly connect: (connection: Connection) => Promise<Contacts>;
  /** `contacts dead-letters …`. */
  readonly deadLetters: (args: readonly string[], given: Given) => Promise<number>;
  /** `contacts console`: serves until `stop`. */
  readonly console: (request: ConsoleRequest) => Promise<void>;
  readonly inspectBroker: BrokerInspector;
  readonly inspectDatabase: DatabaseInspector;
  /** `contacts claims`: adds and removes claims in the database of the settings. */
  readonly fillClaims: ClaimsFiller;
  /** Text of a file in schema/. */
  readonly schemaFile: (name: string) => Promise<string>;
}

/** Settings from the command line; they win over the environment. */
export interface Given {
  readonly url?: string | undefined;
  readonly queue?: string | undefined;
  readonly queues?: string | undefined;
}

/** Standard output. */
export interface Output {
  readonly isTTY: boolean;
  readonly columns: number;
  /**
   * Resolves when more may be written. Rejects with `ReaderGoneError` once the reader has closed it.
   */
  write(text: string): Promise<void>;
  /** The same for text with colours, in which the caller has escaped every value. */
  writeStyled(text: string): Promise<void>;
  /** Replaces the text on the terminal. Without a terminal it appends. */
  show(text: string): Promise<void>;
}

/**
 * The reader of standard output has closed it (`| head`). The command stops; this is no failure.
 */
export class ReaderGoneError extends Error {
  override readonly name = 'ReaderGoneError';
}
