/** A message in the dead-letter queue, as it lies there. Nothing in it has been checked. */
export interface DeadLetter {
  readonly body: Uint8Array;
  /** The AMQP properties that are set, under AMQP's own names (`message_id`, `reply_to` …), without the headers. */
  readonly properties: Readonly<Record<string, string | number>>;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Equal for letters only that are equal in all that can be read, and the same each time the letter is handed out. */
  readonly identity: string;
  /** Why a part of it is missing here; `undefined` where it is whole. */
  readonly unreadable?: Unreadable;
}

/**
 * `properties`: some cannot be decoded, the headers first of all. `undeliverable`: the broker closes the connection of
 * whoever it hands the letter to; it was read in another way.
 */
export type Unreadable = 'properties' | 'undeliverable';

/** The broker closed the connection instead of handing out a letter; all letters are there still. */
export class UndeliverableLetterError extends Error {
  override readonly name = 'UndeliverableLetterError';
}

/** What is to become of a letter; `keep`: it stays in its place. */
export type LetterFate = 'keep' | 'send-back' | 'discard';

/** Sees every letter once, in the order of the queue. */
export interface LetterVisitor {
  /** Must not keep the letter: memory is bounded by what the visitor keeps. What it throws ends the visit. */
  decide(letter: DeadLetter): LetterFate;
  /** The letter's copy is confirmed by the request queue, or it is about to be discarded: it is acknowledged next. */
  settling?(fate: LetterFate): void;
  /** The letter cannot be sent back, and stays. */
  failed?(letter: DeadLetter, reason: string): void;
  /** Waited for after each page of letters. */
  pause?(): Promise<void>;
  /** Aborted, no further page is read; what was read is given back in its order, and the visit ends. */
  readonly stop?: AbortSignal | undefined;
}

/** How a way through the queue went. */
export interface Visited {
  /** Consumers of the queue that were there before, and may hold letters. */
  readonly otherReaders: number;
  /** Ended by `stop` before all was read. */
  readonly stopped: boolean;
}

/** The dead-letter queue, for a person to look through. */
export interface DeadLetterQueue {
  /**
   * Visits the letters that are there when it begins, but those that another reader holds. What is kept stays in its
   * place. Rejects where the broker is lost: then every letter is there still, but for those that were settled. Rejects
   * with `UndeliverableLetterError` at the first such letter: the next visit, and each after it, takes such letters out of the
   * way first, shows them before the others, and puts those that are kept behind them.
   */
  visit(visitor: LetterVisitor): Promise<Visited>;
  /** Never rejects. */
  close(): Promise<void>;
}
