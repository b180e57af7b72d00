import { TcpProxy } from '../../support/tcp-proxy.ts';

/**
 * A proxy in front of a database that forwards a command and drops its answer, so that its outcome
 * is unknown.
 */
export class AnswerThief {
  readonly #proxy: TcpProxy;
  readonly #stolen: { command?: string };

  private constructor(proxy: TcpProxy, stolen: { command?: string }) {
    this.#proxy = proxy;
    this.#stolen = stolen;
  }

  static async before(targetUrl: string): Promise<AnswerThief> {
    const stolen: { command?: string } = {};
    const proxy = await TcpProxy.before(targetUrl, () => {
      let dropping = false;
      return {
        chunk: (direction, bytes) => {
          if (direction === 'down') return dropping ? undefined : bytes;
          // A command is a BSON document whose first key is its name, followed by the collection's.
          if (stolen.command !== undefined && bytes.includes(`${stolen.command}\0`)) dropping = true;
          return bytes;
        },
      };
    });
    return new AnswerThief(proxy, stolen);
  }

  get port(): number {
    return this.#proxy.port;
  }

  /** From now on a connection that has sent this command gets no more answers. */
  steal(command: string): void {
    this.#stolen.command = command;
  }

  close(): Promise<void> {
    return this.#proxy.close();
  }
}
