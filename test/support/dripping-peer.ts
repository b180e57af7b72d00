import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

const EVERY_MS = 40;

/** How a TLS server's first record begins, and a broker's first frame. Neither is ever complete. */
const BEGINNINGS = {
  amqps: Buffer.from([0x16, 0x03, 0x03, 0x3f, 0xff, 0x02]),
  amqp: Buffer.from([1, 0, 0, 0, 0, 0x3f, 0xff, 0, 10, 0, 10, 0, 9]),
} as const;

/**
 * A TCP server that sends one byte after another, for ever, as if it were about to open a
 * connection. After `drips` connections it forwards to a real server instead.
 */
export class DrippingPeer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #protocol: keyof typeof BEGINNINGS;
  /** Connections so far. */
  connections = 0;

  private constructor(protocol: keyof typeof BEGINNINGS, target: URL, drips: number) {
    this.#protocol = protocol;
    this.#server = createServer((socket) => {
      this.connections += 1;
      this.#keep(socket);
      if (this.connections > drips) this.#forward(socket, target);
      else this.#drip(socket);
    });
  }

  static async start(protocol: keyof typeof BEGINNINGS, target: string, drips = Infinity): Promise<DrippingPeer> {
    const peer = new DrippingPeer(protocol, new URL(target), drips);
    await new Promise<void>((resolve) => peer.#server.listen(0, '127.0.0.1', resolve));
    return peer;
  }

  get url(): string {
    return `${this.#protocol}://guest:guest@127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#sockets.size;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket));
  }

  #drip(socket: Socket): void {
    const beginning = BEGINNINGS[this.#protocol];
    let sent = 0;
    socket.resume();
    const dripping = setInterval(() => {
      socket.write(Buffer.from([beginning[sent] ?? 0]));
      sent += 1;
    }, EVERY_MS);
    socket.on('close', () => clearInterval(dripping));
  }

  #forward(socket: Socket, target: URL): void {
    const server = createConnection({ host: target.hostname, port: Number(target.port) });
    server.on('error', () => undefined).on('close', () => socket.destroy());
    socket.on('close', () => server.destroy());
    socket.pipe(server).pipe(socket);
  }
}
