import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** `up`: from the client to the server. `down`: from the server to the client. */
export type Direction = 'up' | 'down';

/** Changes what one connection forwards. Every hook is optional. */
export interface ConnectionHooks {
  /** Returns what is forwarded instead of the chunk; `undefined` drops it. */
  readonly chunk?: (direction: Direction, bytes: Buffer) => Buffer | undefined;
  /**
   * Whether the end of the socket that `direction` reads from closes the other one. Default: yes.
   */
  readonly closes?: (direction: Direction) => boolean;
}

/** Returns the hooks of a new connection. */
export type HooksOf = (connection: ProxiedConnection) => ConnectionHooks;

/** One connection through a proxy: two sockets, each forwarded to the other. */
export class ProxiedConnection {
  readonly client: Socket;
  readonly server: Socket;
  /** Resolves when both sockets are closed. */
  readonly ended: Promise<void>;
  #paused: boolean;

  constructor(client: Socket, target: URL, hooksOf: HooksOf, paused = false) {
    this.client = client;
    this.server = createConnection({ host: target.hostname, port: Number(target.port) });
    this.#paused = paused;
    const sockets = [this.client, this.server];
    for (const socket of sockets) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
    }
    const closings = sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    this.ended = Promise.all(closings).then(() => undefined);
    const hooks = hooksOf(this);
    this.#forward('up', this.client, this.server, hooks);
    this.#forward('down', this.server, this.client, hooks);
  }

  #forward(direction: Direction, from: Socket, to: Socket, { chunk, closes }: ConnectionHooks): void {
    if (this.#paused) from.pause();
    from.on('data', (bytes: Buffer) => {
      const forwarded = chunk === undefined ? bytes : chunk(direction, bytes);
      if (forwarded === undefined || !to.writable) return;
      // An inspected socket is read even when the other one is slow: its hook sees every chunk, and
      // its end, at once.
      if (to.write(forwarded) || chunk !== undefined) return;
      from.pause();
      to.once('drain', () => void (this.#paused || from.resume()));
    });
    from.on('close', () => {
      if (closes?.(direction) !== false) to.destroy();
    });
  }

  /** Stops reading in both directions; closes nothing. */
  pause(): void {
    this.#paused = true;
    this.client.pause();
    this.server.pause();
  }

  resume(): void {
    this.#paused = false;
    this.client.resume();
    this.server.resume();
  }

  /** Resets the client's socket and closes the server's. */
  reset(): void {
    this.client.resetAndDestroy();
    this.server.destroy();
  }
}

/**
 * A TCP proxy on loopback, in front of a real server, that a test can reset, pause or make refuse
 * connections.
 */
export class TcpProxy {
  readonly #server: Server;
  readonly #open = new Set<ProxiedConnection>();
  #accepting = true;
  #paused = false;
  /** Connections accepted so far. */
  connections = 0;
  /** Called for each new connection, before anything is forwarded on it. */
  onConnection: (nth: number) => void = () => undefined;

  private constructor(target: URL, hooksOf: HooksOf) {
    this.#server = createServer((client) => {
      if (!this.#accepting) {
        client.destroy();
        return;
      }
      this.connections += 1;
      this.onConnection(this.connections);
      const connection = new ProxiedConnection(client, target, hooksOf, this.#paused);
      this.#open.add(connection);
      void connection.ended.then(() => this.#open.delete(connection));
    });
  }

  /** Starts a proxy on a free port in front of the server that `targetUrl` names. */
  static async before(targetUrl: string, hooksOf: HooksOf = () => ({})): Promise<TcpProxy> {
    const proxy = new TcpProxy(new URL(targetUrl), hooksOf);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Returns `targetUrl` with the proxy's host and port. */
  url(targetUrl: string): string {
    const url = new URL(targetUrl);
    url.hostname = '127.0.0.1';
    url.port = String(this.port);
    return url.href;
  }

  /** Resets every connection. */
  cut(): void {
    for (const connection of this.#open) connection.reset();
  }

  /** Resets every connection and closes new ones at once. */
  refuse(): void {
    this.#accepting = false;
    this.cut();
  }

  accept(): void {
    this.#accepting = true;
  }

  /** Forwards nothing more on the present connections, in either direction; closes nothing. */
  silence(): void {
    for (const connection of this.#open) connection.pause();
  }

  /**
   * Like `silence`, for new connections as well: they are accepted and nothing is forwarded on
   * them.
   */
  silenceForGood(): void {
    this.#paused = true;
    this.silence();
  }

  /** Ends the silence; what was held back is forwarded. */
  restore(): void {
    this.#paused = false;
    for (const connection of this.#open) connection.resume();
  }

  /**
   * Sends bytes to the server as if the client had sent them. Safe only while the client is idle.
   */
  inject(bytes: Buffer): void {
    for (const { server } of this.#open) server.write(bytes);
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
