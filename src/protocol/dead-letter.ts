/** A message in the dead-letter queue. Nothing in it is validated. */
export interface DeadLetter {
  readonly body: Uint8Array;
  /**
   * The AMQP properties that are set, by their AMQP names (`message_id`, `reply_to` …), without the
   * headers.
   */
  readonly properties: Readonly<Record<string, string | number>>;
  readonly headers: Readonly<Record<string, unknown>>;
  /**
   * Equal only for letters that are equal in everything that can be read; the same at each delivery
   * of the letter.
   */
  readonly identity: string;
  /** Why a part of it is missing here; `undefined` where it is complete. */
  readonly unreadable?: Unreadable;
}

/**
 * `properties`: some cannot be decoded, the headers first of all. `undeliverable`: the broker
 * closes the connection of every AMQP 0-9-1 consumer that it delivers the letter to; it was read
 * over AMQP 1.0.
 */
export type Unreadable = 'properties' | 'undeliverable';

/**
 * The broker closed the connection instead of delivering a letter. All letters are still in the
 * queue.
 */
export class UndeliverableLetterError extends Error {
  override readonly name = 'UndeliverableLetterError';
}

/** What to do with a letter; `keep`: it stays in its place. */
export type LetterFate = 'keep' | 'send-back' | 'discard';

/** Sees every letter once, in the order of the queue. */
export interface LetterVisitor {
  /**
   * Must not keep the letter: the visitor's memory bounds the program's. An error that it throws
   * ends the visit.
   */
  decide(letter: DeadLetter): LetterFate;
  /**
   * The request queue confirmed the letter's copy, or the letter is to be discarded: it is
   * acknowledged next.
   */
  settling?(fate: LetterFate): void;
  /** The letter cannot be sent back, and stays. */
  failed?(letter: DeadLetter, reason: string): void;
  /** Awaited after each page of letters. */
  pause?(): Promise<void>;
  /**
   * Once aborted no further page is read: the letters of the current page return to their places,
   * and the visit ends.
   */
  readonly stop?: AbortSignal | undefined;
}

/** The result of a visit. */
export interface Visited {
  /** Consumers that the queue had before. They may hold letters. */
  readonly otherReaders: number;
  /** Whether `stop` ended the visit before all letters were read. */
  readonly stopped: boolean;
}

/** The dead-letter queue, for an operator to look through. */
export interface DeadLetterQueue {
  /**
   * Visits the letters that are in the queue when it begins, without those that another consumer
   * holds. Kept letters stay in their places. Rejects where the broker is lost: every letter is
   * still in the queue then, except those that were settled. Rejects with
   * `UndeliverableLetterError` at the first such letter: each later visit moves such letters out of
   * the way first, shows them before the others, and puts those that are kept behind them.
   */
  visit(visitor: LetterVisitor): Promise<Visited>;
  /** Never rejects. */
  close(): Promise<void>;
}
