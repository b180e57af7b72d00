import { createServer, type AddressInfo, type Server } from 'node:net';

import type { Direction, Moment, Protocol } from './frames.ts';
import { Passage } from './passage.ts';

/** What waits for a moment. `spring` gives what is to be sent in the message's place, or `undefined` for nothing; `'wait'` leaves it armed. */
export interface Trap {
  readonly moment: Moment;
  /** So many of that moment are let through first. */
  skip: number;
  /** Springs at each of them until it is disarmed; without this, at the first alone. */
  readonly lasting?: true;
  readonly spring: (message: Buffer, passage: Passage) => Buffer | undefined | 'wait';
}

/** Stands before one server for one worker, understands what passes, and hurts it where it is told to. */
export class Gate {
  readonly #server: Server;
  readonly #passages = new Set<Passage>();
  #trap: Trap | undefined;

  private constructor(target: { host: string; port: number }, protocol: Protocol) {
    this.#server = createServer((client) => {
      const passage = new Passage(client, target, protocol, (moment, message, through) =>
        this.#inspect(moment, message, through),
      );
      this.#passages.add(passage);
      void passage.ended.then(() => this.#passages.delete(passage));
    });
  }

  static async before(port: number, protocol: Protocol): Promise<Gate> {
    const gate = new Gate({ host: '127.0.0.1', port }, protocol);
    await new Promise<void>((resolve) => gate.#server.listen(0, '127.0.0.1', resolve));
    return gate;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** One trap at a time. */
  arm(trap: Trap): void {
    this.#trap = trap;
  }

  /** Whether the trap is still waiting. */
  get armed(): boolean {
    return this.#trap !== undefined;
  }

  disarm(): void {
    this.#trap = undefined;
  }

  #inspect(moment: Moment, message: Buffer, passage: Passage): Buffer | undefined {
    const trap = this.#trap;
    if (trap?.moment !== moment) return message;
    if (trap.skip > 0) {
      trap.skip -= 1;
      return message;
    }
    const sent = trap.spring(message, passage);
    if (sent === 'wait') return message;
    if (this.#trap === trap && trap.lasting !== true) this.#trap = undefined;
    return sent;
  }

  /** Resets every connection. */
  reset(): void {
    for (const passage of this.#passages) passage.reset();
  }

  /** Lets nothing through any more in these directions, on the connections there are. */
  silence(directions: readonly Direction[]): void {
    for (const passage of this.#passages) passage.silence(directions);
  }

  restore(): void {
    for (const passage of this.#passages) passage.restore();
  }

  async close(): Promise<void> {
    this.reset();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
