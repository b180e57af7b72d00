import { TcpProxy } from '../../test/support/tcp-proxy.ts';
import type { Direction, Moment, Protocol } from './frames.ts';
import { InspectedConnection } from './inspected-connection.ts';

/** What a proxy does to a message of one moment. */
export interface Failpoint {
  readonly moment: Moment;
  /** How many messages of that moment pass first. */
  skip: number;
  /** Triggers at every such message until it is disarmed; without it, at the first only. */
  readonly lasting?: true;
  /**
   * Returns what is sent in the message's place, or `undefined` for nothing; `'wait'` forwards the
   * message and stays armed.
   */
  readonly trigger: (message: Buffer, connection: InspectedConnection) => Buffer | undefined | 'wait';
}

/**
 * A proxy between one worker and one server. It reads the protocol and injects faults at its
 * failpoint.
 */
export class FaultProxy {
  readonly #connections = new Set<InspectedConnection>();
  #proxy: TcpProxy | undefined;
  #failpoint: Failpoint | undefined;

  /** Starts a proxy in front of a port of this machine. */
  static async open(targetPort: number, protocol: Protocol): Promise<FaultProxy> {
    const proxy = new FaultProxy();
    proxy.#proxy = await TcpProxy.before(`tcp://127.0.0.1:${targetPort}`, (proxied) => {
      const connection = new InspectedConnection(proxied, protocol, (moment, message, through) =>
        proxy.#inspect(moment, message, through),
      );
      proxy.#connections.add(connection);
      void proxied.ended.then(() => proxy.#connections.delete(connection));
      return connection.hooks;
    });
    return proxy;
  }

  get port(): number {
    return this.#proxy?.port ?? 0;
  }

  /** Replaces the present failpoint: there is one at a time. */
  arm(failpoint: Failpoint): void {
    this.#failpoint = failpoint;
  }

  /** Whether the failpoint has not triggered yet. */
  get armed(): boolean {
    return this.#failpoint !== undefined;
  }

  disarm(): void {
    this.#failpoint = undefined;
  }

  #inspect(moment: Moment, message: Buffer, connection: InspectedConnection): Buffer | undefined {
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

  /** Holds back what the present connections send in these directions. */
  silence(directions: readonly Direction[]): void {
    for (const connection of this.#connections) connection.silence(directions);
  }

  restore(): void {
    for (const connection of this.#connections) connection.restore();
  }

  async close(): Promise<void> {
    this.reset();
    await this.#proxy?.close();
  }
}
