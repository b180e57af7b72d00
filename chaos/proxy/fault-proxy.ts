import { createServer, type AddressInfo, type Server } from 'node:net';

import type { Direction, Moment, Protocol } from './frames.ts';
import { ProxiedConnection } from './proxied-connection.ts';

/** What waits for a moment. `trigger` gives what is to be sent in the message's place, or `undefined` for nothing; `'wait'` leaves it armed. */
export interface Failpoint {
  readonly moment: Moment;
  /** So many of that moment are let through first. */
  skip: number;
  /** Springs at each of them until it is disarmed; without this, at the first alone. */
  readonly lasting?: true;
  readonly trigger: (message: Buffer, connection: ProxiedConnection) => Buffer | undefined | 'wait';
}

/** Stands before one server for one worker, understands what passes, and hurts it where it is told to. */
export class FaultProxy {
  readonly #server: Server;
  readonly #connections = new Set<ProxiedConnection>();
  #failpoint: Failpoint | undefined;

  private constructor(target: { host: string; port: number }, protocol: Protocol) {
    this.#server = createServer((client) => {
      const connection = new ProxiedConnection(client, target, protocol, (moment, message, through) =>
        this.#inspect(moment, message, through),
      );
      this.#connections.add(connection);
      void connection.ended.then(() => this.#connections.delete(connection));
    });
  }

  static async before(port: number, protocol: Protocol): Promise<FaultProxy> {
    const proxy = new FaultProxy({ host: '127.0.0.1', port }, protocol);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** One failpoint at a time. */
  arm(failpoint: Failpoint): void {
    this.#failpoint = failpoint;
  }

  /** Whether the failpoint is still waiting. */
  get armed(): boolean {
    return this.#failpoint !== undefined;
  }

  disarm(): void {
    this.#failpoint = undefined;
  }

  #inspect(moment: Moment, message: Buffer, connection: ProxiedConnection): Buffer | undefined {
    const failpoint = this.#failpoint;
    if (failpoint?.moment !== moment) return message;
    if (failpoint.skip > 0) {
      failpoint.skip -= 1;
      return message;
    }
    const sent = failpoint.trigger(message, connection);
    if (sent === 'wait') return message;
    if (this.#failpoint === failpoint && failpoint.lasting !== true) this.#failpoint = undefined;
    return sent;
  }

  /** Resets every connection. */
  reset(): void {
    for (const connection of this.#connections) connection.reset();
  }

  /** Lets nothing through any more in these directions, on the connections there are. */
  silence(directions: readonly Direction[]): void {
    for (const connection of this.#connections) connection.silence(directions);
  }

  restore(): void {
    for (const connection of this.#connections) connection.restore();
  }

  async close(): Promise<void> {
    this.reset();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
