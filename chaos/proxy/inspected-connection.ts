import type { ConnectionHooks, ProxiedConnection } from '../../test/support/tcp-proxy.ts';
import { Splitter, type Classifier, type Direction, type Moment, type Protocol } from './frames.ts';

/**
 * Receives each message that marks a moment. Returns what is sent in its place, or `undefined` for
 * nothing.
 */
export type Inspect = (moment: Moment, message: Buffer, connection: InspectedConnection) => Buffer | undefined;

/**
 * One connection through a fault proxy, message by message. A silenced direction keeps its
 * messages; nobody is notified.
 */
export class InspectedConnection {
  readonly #connection: ProxiedConnection;
  readonly #silenced = new Set<Direction>();
  readonly #kept: Record<Direction, Buffer[]> = { up: [], down: [] };
  readonly #splitters: Readonly<Record<Direction, Splitter>>;
  readonly #classify: Classifier;
  readonly #inspect: Inspect;
  readonly hooks: ConnectionHooks = {
    chunk: (direction, bytes) => this.#forwarded(direction, bytes),
    // A silent network does not reveal that one end is closed.
    closes: (direction) => !this.#silenced.has(direction),
  };

  constructor(connection: ProxiedConnection, protocol: Protocol, inspect: Inspect) {
    this.#connection = connection;
    this.#splitters = { up: new Splitter(protocol.lengthOf), down: new Splitter(protocol.lengthOf) };
    this.#classify = protocol.classifier();
    this.#inspect = inspect;
  }

  #forwarded(direction: Direction, bytes: Buffer): Buffer | undefined {
    const passed: Buffer[] = [];
    for (const message of this.#splitters[direction].push(bytes)) {
      const moment = this.#classify(direction, message);
      const sent = moment === undefined ? message : this.#inspect(moment, message, this);
      if (sent === undefined) continue;
      if (this.#silenced.has(direction)) this.#kept[direction].push(Buffer.from(sent));
      else passed.push(sent);
    }
    return passed.length === 0 ? undefined : Buffer.concat(passed);
  }

  /** Keeps back what is sent in these directions from now on. */
  silence(directions: readonly Direction[]): void {
    for (const direction of directions) this.#silenced.add(direction);
  }

  /**
   * Ends the silence: what was kept arrives late; where one end is closed by now, the other one is
   * reset.
   */
  restore(): void {
    if (this.#silenced.size === 0) return;
    this.#silenced.clear();
    const { client, server } = this.#connection;
    if (client.destroyed || server.destroyed) return this.reset();
    // In one piece: an end that reads several messages in one turn is tested harder than one that
    // reads them one by one.
    server.write(Buffer.concat(this.#kept.up.splice(0)));
    client.write(Buffer.concat(this.#kept.down.splice(0)));
  }

  /** Resets both ends. */
  reset(): void {
    this.#silenced.clear();
    for (const socket of [this.#connection.client, this.#connection.server]) {
      if (!socket.destroyed) socket.resetAndDestroy();
    }
  }
}
