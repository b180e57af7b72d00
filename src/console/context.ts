import type { DeadLetter, DeadLetterQueue } from '../protocol/dead-letter.ts';
import type { Fault } from '../protocol/fault.ts';

/** Ready messages and consumers of a queue. */
export interface QueueFigures {
  readonly messages: number;
  readonly consumers: number;
}

/** A connection that looks at queues. */
export interface BrokerLook {
  queue(name: string): Promise<QueueFigures | undefined>;
  close(): Promise<void>;
}

/** What the database knows of requests whose key begins with a text; no personal data. */
export interface RequestTraces {
  find(keyPrefix: string): Promise<readonly RequestTrace[]>;
  close(): Promise<void>;
}

/** One effect, or one recorded attempt, of a request. */
export interface RequestTrace {
  readonly kind: 'created' | 'updated' | 'deleted' | 'attempted' | 'failed';
  readonly contactId?: number;
  /** When, where the database holds it. */
  readonly at?: Date;
  /** Recorded starts without an end; of `attempted` and `failed`. */
  readonly starts?: number;
  readonly lastError?: string;
}

/** Sends documents as a producer does. */
export interface DocumentSender {
  request(
    xml: string,
    options: { readonly messageId?: string; readonly timeoutMs: number },
  ): Promise<{ readonly status: string; readonly xml: string; readonly headers: Readonly<Record<string, unknown>> }>;
  close(): Promise<void>;
}

/** The ids of a request, as its producer sets them. */
export interface RequestIds {
  readonly appId: string | undefined;
  readonly messageId: string | undefined;
  readonly body: Uint8Array;
}

/** What the console works with; the program makes it. */
export interface ConsoleContext {
  /** The name that producers use, of which the dead-letter queue has its own. */
  readonly queue: string;
  /** The queues that requests wait in: one, or several behind an exchange. */
  readonly requestQueues: readonly string[];
  /** The workers' metrics pages. */
  readonly metricsUrls: readonly string[];
  /** The workers' log files, if any are readable here. */
  readonly logFiles: readonly string[];
  readonly version: string;
  readonly openLetters: () => Promise<DeadLetterQueue>;
  readonly lookAtBroker: () => Promise<BrokerLook>;
  /** `undefined`: no database is set. */
  readonly traces: RequestTraces | undefined;
  readonly connect: () => Promise<DocumentSender>;
  /** Reads the method from a request's bytes; does not throw. */
  readonly methodOf: (body: Uint8Array) => string | undefined;
  /** All faults that a worker would answer before it executes the document; empty where none. */
  readonly faultsIn: (body: Uint8Array) => readonly Fault[];
  /** The document with every value replaced; `undefined` where it is not well-formed. */
  readonly outlineOf: (body: Uint8Array) => string | undefined;
  /** The key under which a request's effect is stored. */
  readonly keyOf: (ids: RequestIds) => string;
  /** Errors in an answer document. */
  readonly errorsIn: (
    xml: string,
  ) => readonly { readonly code: string; readonly field?: string | undefined; readonly message: string }[];
  /** Writes one line to the audit log. What is not recorded is not done: it may throw. */
  readonly audit: (line: string) => void;
}

/** The ids in a letter that name its request. */
export function idsOf({ properties, body }: DeadLetter): RequestIds {
  const text = (name: string): string | undefined => {
    const value = properties[name];
    return typeof value === 'string' ? value : undefined;
  };
  return { appId: text('app_id'), messageId: text('message_id'), body };
}
