import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Stands before a database and, once translateErrors so, lets a command through but never its answer: its outcome is unknown then. */
export class AnswerThief {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #command: string | undefined;

  private constructor(target: URL) {
    this.#server = createServer((client) => {
      const upstream = createConnection({ host: target.hostname, port: Number(target.port) });
      let stolen = false;
      client.on('data', (bytes: Buffer) => {
        // A command is a BSON document whose first key is its name, followed by the collection's.
        if (this.#command !== undefined && bytes.includes(`${this.#command}\0`)) stolen = true;
        upstream.write(bytes);
      });
      upstream.on('data', (bytes: Buffer) => {
        if (!stolen) client.write(bytes);
      });
      for (const [socket, peer] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        this.#sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          peer.destroy();
          this.#sockets.delete(socket);
        });
      }
    });
  }

  static async before(targetUrl: string): Promise<AnswerThief> {
    const thief = new AnswerThief(new URL(targetUrl));
    await new Promise<void>((resolve) => thief.#server.listen(0, '127.0.0.1', resolve));
    return thief;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** From now on nothing comes back on a connection that has sent this command. */
  steal(command: string): void {
    this.#command = command;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
