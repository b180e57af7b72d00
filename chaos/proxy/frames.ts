/** The direction of a message: `up` to the server, `down` to the worker. */
export type Direction = 'up' | 'down';

/**
 * Returns the length of the message that starts at `at`, or `undefined` where too few bytes are
 * there to know.
 */
export type LengthOf = (bytes: Buffer, at: number) => number | undefined;

/** Splits a stream of bytes into whole messages. */
export class Splitter {
  readonly #lengthOf: LengthOf;
  #rest: Buffer = Buffer.alloc(0);

  constructor(lengthOf: LengthOf) {
    this.#lengthOf = lengthOf;
  }

  /** Returns the messages that these bytes complete and keeps the beginning of the next. */
  push(bytes: Buffer): Buffer[] {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const whole: Buffer[] = [];
    let at = 0;
    for (;;) {
      const length = this.#lengthOf(all, at);
      if (length === undefined || at + length > all.length) break;
      whole.push(all.subarray(at, at + length));
      at += length;
    }
    this.#rest = all.subarray(at);
    return whole;
  }
}

/**
 * What a message marks: a consumer starts, a request is delivered, an effect is about to be
 * written, its outcome comes back, the ledger of attempts answers, an answer is about to be
 * published, its confirm comes back, a request is about to be settled.
 */
export type Moment = 'consuming' | 'delivery' | 'write' | 'written' | 'ledger' | 'answer' | 'confirm' | 'settle';

/**
 * Returns the moment that a message marks, if any. Each connection has its own classifier, since it
 * may keep state.
 */
export type Classifier = (direction: Direction, message: Buffer) => Moment | undefined;

/** The parts of a server's protocol that the moments need. */
export interface Protocol {
  readonly lengthOf: LengthOf;
  readonly classifier: () => Classifier;
}
