import { randomBytes } from 'node:crypto';

import { freePort } from '../../infrastructure/addresses.ts';
import { attempt, run } from '../../infrastructure/command.ts';
import { ensureGoImage } from '../../infrastructure/go-image.ts';
import { waitFor } from '../../infrastructure/progress.ts';
import type { Direction } from '../proxy/frames.ts';

/** What toxiproxy can do to a connection; its documentation explains the attributes. */
export interface Toxic {
  readonly type: 'latency' | 'bandwidth' | 'slicer' | 'timeout' | 'reset_peer' | 'limit_data';
  readonly attributes: Readonly<Record<string, number>>;
}

/**
 * A toxiproxy of the run's own, controlled over its HTTP API. Linux only, since it shares the
 * host's network.
 */
export class Toxiproxy {
  readonly #api: string;
  readonly #container: string;

  private constructor(api: string, container: string) {
    this.#api = api;
    this.#container = container;
  }

  /** `options` are passed to `docker run`. */
  static async start(options: readonly string[] = []): Promise<Toxiproxy> {
    const image = await ensureGoImage('chaos/toxiproxy');
    const port = await freePort();
    const name = `contacts-chaos-toxiproxy-${randomBytes(4).toString('hex')}`;
    const api = ['-host', '127.0.0.1', '-port', String(port)];
    await run('docker', ['run', '-d', '--name', name, '--network', 'host', ...options, image, ...api]);
    const toxiproxy = new Toxiproxy(`http://127.0.0.1:${port}`, name);
    await waitFor('toxiproxy', 20_000, async () => {
      const version = await fetch(`${toxiproxy.#api}/version`).catch(() => undefined);
      return version?.ok === true ? true : undefined;
    });
    return toxiproxy;
  }

  /** Opens a route to a port of this machine. Returns the route's own port. */
  async openRoute(name: string, targetPort: number): Promise<number> {
    const port = await freePort();
    await this.#call('POST', '/proxies', {
      name,
      listen: `127.0.0.1:${port}`,
      upstream: `127.0.0.1:${targetPort}`,
      enabled: true,
    });
    return port;
  }

  /** Affects present and new connections until `reset`. */
  async addToxic(route: string, direction: Direction, toxic: Toxic): Promise<void> {
    const stream = direction === 'up' ? 'upstream' : 'downstream';
    await this.#call('POST', `/proxies/${route}/toxics`, { ...toxic, stream, toxicity: 1 });
  }

  /** Removes every toxic from every route and enables all routes. */
  async reset(): Promise<void> {
    await this.#call('POST', '/reset');
  }

  /** Disabled, a route closes its connections and refuses new ones. */
  async setEnabled(route: string, enabled: boolean): Promise<void> {
    await this.#call('POST', `/proxies/${route}`, { enabled });
  }

  async remove(): Promise<void> {
    await attempt('docker', ['rm', '-f', '-v', this.#container], { cleanup: true });
  }

  async #call(method: string, path: string, body?: unknown): Promise<void> {
    const response = await fetch(`${this.#api}${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`toxiproxy: ${method} ${path}: ${response.status} ${await response.text()}`);
  }
}
