import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A TCP proxy on loopback that resets a connection when the client sends certain bytes, instead of sending them on. */
export class TripwireProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Resets so far. */
  cuts = 0;

  private constructor(target: URL, wire: string, most: number) {
    this.#server = createServer((client) => {
      const upstream = createConnection({ host: target.hostname, port: Number(target.port) });
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        this.#sockets.add(from);
        from.on('error', () => undefined);
        from.on('close', () => {
          this.#sockets.delete(from);
          to.destroy();
        });
      }
      upstream.pipe(client);
      client.on('data', (bytes) => {
        if (this.cuts >= most || !bytes.includes(wire)) return upstream.write(bytes);
        this.cuts += 1;
        return client.resetAndDestroy();
      });
    });
  }

  /** `wire`: the bytes; `most`: how many connections are reset. */
  static async before(targetUrl: string, wire: string, most: number): Promise<TripwireProxy> {
    const proxy = new TripwireProxy(new URL(targetUrl), wire, most);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** `targetUrl` with the proxy's host and port. */
  url(targetUrl: string): string {
    const url = new URL(targetUrl);
    url.hostname = '127.0.0.1';
    url.port = String((this.#server.address() as AddressInfo).port);
    return url.href;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
