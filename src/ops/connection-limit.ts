import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Limits the number of connections. A connection beyond the limit replaces the oldest one that
 * waits for its client, so that half-sent requests cannot lock a probe out.
 */
export class ConnectionLimit {
  readonly #max: number;
  readonly #open = new Set<Socket>();
  readonly #responding = new Set<Socket>();

  constructor(max: number) {
    this.#max = max;
  }

  add(socket: Socket): void {
    if (this.#open.size >= this.#max) {
      const oldest = [...this.#open].find((each) => !this.#responding.has(each)) ?? socket;
      this.#open.delete(oldest);
      oldest.destroy();
      if (oldest === socket) return;
    }
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
  }

  /**
   * Returns whether to serve the request. A request that arrives before the previous response of
   * its connection ends is refused by closing the connection: thousands of pipelined requests would
   * consume the worker's time and memory.
   */
  accept(socket: Socket, response: ServerResponse): boolean {
    if (this.#responding.has(socket)) {
      socket.destroy();
      return false;
    }
    this.#responding.add(socket);
    response.once('close', () => this.#responding.delete(socket));
    return true;
  }
}
