import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A TCP proxy on loopback that a test can cut, silence or refuse, to be put in front of a real server. */
export class TcpProxy {
  readonly #server: Server;
  readonly #pairs = new Set<{ readonly client: Socket; readonly upstream: Socket }>();
  #accepting = true;
  #silent = false;
  /** Connections accepted so far. */
  connections = 0;
  /** Called for each new connection, before anything is forwarded on it. */
  onConnection: (nth: number) => void = () => undefined;

  private constructor(target: URL) {
    this.#server = createServer((client) => {
      if (!this.#accepting) {
        client.destroy();
        return;
      }
      this.connections += 1;
      this.onConnection(this.connections);
      const upstream = createConnection({ host: target.hostname, port: Number(target.port) });
      const pair = { client, upstream };
      this.#pairs.add(pair);
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        from.on('error', () => undefined);
        if (!this.#silent) from.pipe(to);
        from.on('close', () => {
          to.destroy();
          this.#pairs.delete(pair);
        });
      }
    });
  }

  static async before(targetUrl: string): Promise<TcpProxy> {
    const proxy = new TcpProxy(new URL(targetUrl));
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

  /** Resets every connection. */
  cut(): void {
    for (const { client, upstream } of this.#pairs) {
      client.resetAndDestroy();
      upstream.destroy();
    }
  }

  refuse(): void {
    this.#accepting = false;
    this.cut();
  }

  accept(): void {
    this.#accepting = true;
  }

  /** Forwards nothing more on the connections there are, in either direction, without closing anything. */
  silence(): void {
    for (const { client, upstream } of this.#pairs) {
      client.unpipe(upstream);
      upstream.unpipe(client);
    }
  }

  /** As `silence`, and for connections yet to come as well: they are accepted, and nothing is said on them. */
  silenceForGood(): void {
    this.#silent = true;
    this.silence();
  }

  /** Lets what was silenced flow again. */
  restore(): void {
    this.#silent = false;
    for (const { client, upstream } of this.#pairs) {
      client.pipe(upstream);
      upstream.pipe(client);
    }
  }

  /** Sends bytes to the server as if the client had; only safe while the client is idle. */
  inject(bytes: Buffer): void {
    for (const { upstream } of this.#pairs) upstream.write(bytes);
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
