import { createConnection, type Socket } from 'node:net';

import { Splitter, type Classifier, type Direction, type Moment, type Protocol } from './frames.ts';

/** Sees each message that marks a moment; gives what is to be sent in its place, or `undefined` for nothing. */
export type Inspect = (moment: Moment, message: Buffer, connection: ProxiedConnection) => Buffer | undefined;

/** One connection through a proxy, message by message. A direction can be closed: what comes is then kept, and nobody told. */
export class ProxiedConnection {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #closed = new Set<Direction>();
  readonly #kept: Record<Direction, Buffer[]> = { up: [], down: [] };
  readonly #classify: Classifier;
  readonly #inspect: Inspect;
  #gone = false;
  /** Told once, when both ends are gone. */
  readonly ended: Promise<void>;

  constructor(client: Socket, target: { host: string; port: number }, protocol: Protocol, inspect: Inspect) {
    this.#client = client;
    this.#server = createConnection(target);
    this.#classify = protocol.classifier();
    this.#inspect = inspect;
    const sockets = [this.#client, this.#server];
    for (const socket of sockets) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
    }
    this.#forward('up', this.#client, this.#server, new Splitter(protocol.lengthOf));
    this.#forward('down', this.#server, this.#client, new Splitter(protocol.lengthOf));
    const closings = sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    this.ended = Promise.all(closings).then(() => undefined);
  }

  #forward(direction: Direction, from: Socket, to: Socket, splitter: Splitter): void {
    from.on('data', (bytes: Buffer) => {
      to.cork();
      for (const message of splitter.push(bytes)) {
        const moment = this.#classify(direction, message);
        const passed = moment === undefined ? message : this.#inspect(moment, message, this);
        if (passed !== undefined) this.#send(direction, to, passed);
      }
      to.uncork();
    });
    from.on('close', () => {
      // A silent network does not say either that one end is gone.
      if (!this.#closed.has(direction)) to.destroy();
    });
  }

  #send(direction: Direction, to: Socket, message: Buffer): void {
    if (this.#closed.has(direction)) this.#kept[direction].push(Buffer.from(message));
    else if (!this.#gone && to.writable) to.write(message);
  }

  /** Keeps back what goes in these directions from now on. */
  silence(directions: readonly Direction[]): void {
    for (const direction of directions) this.#closed.add(direction);
  }

  /** Ends the silence: what was kept arrives late, or, where an end is gone by now, the other one is reset. */
  restore(): void {
    if (this.#closed.size === 0) return;
    this.#closed.clear();
    if (this.#client.destroyed || this.#server.destroyed) return this.reset();
    // In one piece: what an end then reads in one turn is harder to bear than the same one by one.
    this.#server.write(Buffer.concat(this.#kept.up.splice(0)));
    this.#client.write(Buffer.concat(this.#kept.down.splice(0)));
  }

  /** Resets both ends. */
  reset(): void {
    this.#gone = true;
    this.#closed.clear();
    if (!this.#client.destroyed) this.#client.resetAndDestroy();
    if (!this.#server.destroyed) this.#server.resetAndDestroy();
  }
}
