/** The direction of a message: `up` to the server, `down` to the worker. */
export type Direction = 'up' | 'down';

/** The length of the message that starts at `at`, or `undefined` where too little of it is there to know. */
export type LengthOf = (bytes: Buffer, at: number) => number | undefined;

/** Cuts a stream of bytes into whole messages. */
export class Splitter {
  readonly #lengthOf: LengthOf;
  #rest: Buffer = Buffer.alloc(0);

  constructor(lengthOf: LengthOf) {
    this.#lengthOf = lengthOf;
  }

  /** The messages that these bytes complete; the beginning of another is kept. */
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
 * What is going on when a message passes: consuming begins, a request is handed out, an effect is about to be written, its
 * outcome comes back, the attempts' ledger answers, an answer is about to be published, its confirm comes back, a request
 * is about to be settled.
 */
export type Moment = 'consuming' | 'delivery' | 'write' | 'written' | 'ledger' | 'answer' | 'confirm' | 'settle';

/** Tells which moment a message marks, if any. Made anew for each connection, as it may remember. */
export type Classifier = (direction: Direction, message: Buffer) => Moment | undefined;

/** A server's protocol, as far as the moments need it. */
export interface Protocol {
  readonly lengthOf: LengthOf;
  readonly classifier: () => Classifier;
}
