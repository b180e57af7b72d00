import { TcpProxy } from './tcp-proxy.ts';

/**
 * A TCP proxy on loopback that resets a connection instead of forwarding certain bytes of the
 * client.
 */
export class TripwireProxy {
  readonly #proxy: TcpProxy;
  readonly #count: { resets: number };

  private constructor(proxy: TcpProxy, count: { resets: number }) {
    this.#proxy = proxy;
    this.#count = count;
  }

  /** `wire`: the bytes; `most`: how many connections are reset. */
  static async before(targetUrl: string, wire: string, most: number): Promise<TripwireProxy> {
    const count = { resets: 0 };
    const proxy = await TcpProxy.before(targetUrl, ({ client }) => ({
      chunk: (direction, bytes) => {
        if (direction === 'down' || count.resets >= most || !bytes.includes(wire)) return bytes;
        count.resets += 1;
        client.resetAndDestroy();
        return undefined;
      },
    }));
    return new TripwireProxy(proxy, count);
  }

  /** Connections reset so far. */
  get cuts(): number {
    return this.#count.resets;
  }

  /** Returns `targetUrl` with the proxy's host and port. */
  url(targetUrl: string): string {
    return this.#proxy.url(targetUrl);
  }

  close(): Promise<void> {
    return this.#proxy.close();
  }
}
