import type { Duplex } from 'node:stream';

import { connect, type Channel, type ChannelModel } from 'amqplib';

import { within } from '../../time/limit.ts';
import { ConnectionError } from './broker-errors.ts';
import { gatherWrites } from './gathered-writes.ts';
import { deliverUnreadable } from '../wire/unreadable.ts';
import { brokerAddress } from './url.ts';

/** Time limits and identity of the worker's connections. */
export interface ConnectionSettings {
  /** Tried in turn, so that a cluster's other nodes are found when one is gone. */
  readonly urls: readonly string[];
  /** Limit in milliseconds for the connection and for each call on it. */
  readonly timeoutMs: number;
  /** Seconds; a peer silent for about three intervals counts as gone. */
  readonly heartbeatS: number;
}

/** One open connection to the broker. It never comes back: the link opens another. */
export class Connection {
  /** Resolves once, with the reason, when the connection is gone. */
  readonly closed: Promise<string>;
  readonly #model: ChannelModel;
  readonly #timeoutMs: number;
  #open = true;
  #blocked = false;

  constructor(model: ChannelModel, timeoutMs: number, onBlocked: (blocked: boolean) => void) {
    this.#model = model;
    this.#timeoutMs = timeoutMs;
    this.closed = new Promise((resolve) => {
      model.on('error', (error) => resolve(`connection error: ${error.message}`));
      model.on('close', (error) =>
        resolve(error === undefined ? 'connection closed' : `connection closed: ${error.message}`),
      );
    });
    void this.closed.then(() => (this.#open = false));
    for (const blocked of [true, false]) {
      model.on(blocked ? 'blocked' : 'unblocked', () => {
        // What an earlier connection still says must not be taken for the present one's.
        if (!this.#open) return;
        this.#blocked = blocked;
        onBlocked(blocked);
      });
    }
    model.on('handler-error', (error) => model.emit('error', error));
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** Whether the broker's resource alarm stops it from reading this connection. */
  get isBlocked(): boolean {
    return this.#blocked;
  }

  /** The largest frame that the broker takes, in bytes. */
  get frameMax(): number {
    return (this.#model.connection as unknown as { readonly frameMax: number }).frameMax;
  }

  /** Opens a channel with `open`. Rejects when the connection goes or the time limit passes first. */
  async channel<C extends Channel>(open: (model: ChannelModel) => Promise<C>): Promise<C> {
    return this.call('opening a channel', open(this.#model));
  }

  /** Settles as `pending`, or rejects at the time limit (the settings' by default) or as soon as the connection closes. */
  async call<T>(what: string, pending: Promise<T>, timeoutMs: number = this.#timeoutMs): Promise<T> {
    return this.orDisconnected(within(timeoutMs, what, pending));
  }

  /** Settles as `call`, or rejects as soon as the connection is gone: amqplib leaves some calls pending for ever then. */
  async orDisconnected<T>(call: Promise<T>): Promise<T> {
    return Promise.race([call, this.closed.then((reason) => Promise.reject(new Error(reason)))]);
  }

  /** Closes within the time limit; where the peer is silent, cuts the socket. Never rejects. */
  async close(): Promise<void> {
    try {
      await this.call('closing the connection', this.#model.close());
    } catch {
      cutSocket(this.#model);
    }
  }
}

/** Opens a connection to the `attempt`-th of the URLs (modulo their number). Rejects with `ConnectionError`. */
export async function openConnection(
  settings: ConnectionSettings,
  name: string,
  attempt: number,
  onBlocked: (blocked: boolean) => void,
): Promise<Connection> {
  const url = settings.urls[attempt % settings.urls.length];
  if (url === undefined) throw new Error('no broker URL is set');
  const address = { heartbeat: settings.heartbeatS, ...brokerAddress(url) };
  const model = await connect(address, {
    timeout: settings.timeoutMs,
    noDelay: true,
    keepAlive: true,
    clientProperties: { connection_name: name },
  }).catch((error: unknown) => {
    throw new ConnectionError(error);
  });
  const stream = socketOf(model);
  if (stream !== undefined) gatherWrites(stream);
  deliverUnreadable(model);
  return new Connection(model, settings.timeoutMs, onBlocked);
}

/** amqplib waits for ever for a silent peer's close-ok and has no call to give up. */
function cutSocket(model: ChannelModel): void {
  socketOf(model)?.destroy();
}

/** The socket below the connection; amqplib's types do not show it. */
function socketOf(model: ChannelModel): Duplex | undefined {
  const { stream } = model.connection as unknown as { stream?: Duplex };
  return stream;
}
