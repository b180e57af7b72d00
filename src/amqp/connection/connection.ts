import type { Duplex } from 'node:stream';

import { connect, credentials, type Channel, type ChannelModel } from 'amqplib';

import { readTlsFiles, type TlsFiles } from '../../files/tls-files.ts';
import { TimeoutError, within } from '../../time/limit.ts';
import { ConnectionError } from './broker-errors.ts';
import { gatherWrites } from './gathered-writes.ts';
import { abridgeBodies, READ_HEADERS } from '../wire/abridged.ts';
import { deliverUnreadable } from '../wire/unreadable.ts';
import { brokerAddress, type BrokerAddress } from './url.ts';

/** Brokers and time limits of a connection. */
export interface ConnectionSettings {
  /** Tried in turn, so that the worker finds another node of a cluster when one is down. */
  readonly urls: readonly string[];
  /** Read for each connection. All URLs must be amqps:// then. */
  readonly tls?: TlsFiles | undefined;
  /**
   * Total time limit for opening the connection (name resolution, TCP, TLS, login), and for each
   * call on it.
   */
  readonly timeoutMs: number;
  /**
   * Heartbeat interval in seconds. A peer that is silent for about three intervals counts as lost.
   */
  readonly heartbeatS: number;
  /**
   * Set where requests are consumed: the most bytes of a body that is delivered whole. Of very many
   * headers only those that the worker reads are delivered.
   */
  readonly maxBodyBytes?: number;
}

/**
 * One open connection to the broker. Once closed it is never reused: `SupervisedChannel` opens
 * another.
 */
export class Connection {
  /** Resolves once, with the reason, when the connection closes. */
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
        // An event of an earlier connection must not change the state of the current one.
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

  /** Whether a resource alarm stops the broker from reading this connection. */
  get isBlocked(): boolean {
    return this.#blocked;
  }

  /** The largest frame that the broker accepts, in bytes. */
  get frameMax(): number {
    return (this.#model.connection as unknown as { readonly frameMax: number }).frameMax;
  }

  /** Opens a channel with `open`. Rejects as `call` does. */
  async channel<C extends Channel>(open: (model: ChannelModel) => Promise<C>, timeoutMs?: number): Promise<C> {
    return this.call('opening a channel', open(this.#model), timeoutMs);
  }

  /**
   * Settles as `pending`. Rejects at the time limit (the settings' by default), or once the
   * connection closes.
   */
  async call<T>(what: string, pending: Promise<T>, timeoutMs: number = this.#timeoutMs): Promise<T> {
    return this.orDisconnected(within(timeoutMs, what, pending));
  }

  /**
   * Settles as `call`, or rejects once the connection closes: amqplib leaves some calls pending
   * then.
   */
  async orDisconnected<T>(call: Promise<T>): Promise<T> {
    return Promise.race([call, this.closed.then((reason) => Promise.reject(new Error(reason)))]);
  }

  /** Closes within the time limit; cuts the socket where the peer is silent. Never rejects. */
  async close(): Promise<void> {
    try {
      await this.call('closing the connection', this.#model.close());
      // The broker does not read our end of the connection, and would keep the socket open.
      if (this.#blocked) cutSocket(this.#model);
    } catch {
      cutSocket(this.#model);
    }
  }
}

/**
 * Opens a connection to the `attempt`-th URL, modulo their number. Rejects with `ConnectionError`.
 */
export async function openConnection(
  settings: ConnectionSettings,
  name: string,
  attempt: number,
  onBlocked: (blocked: boolean) => void,
): Promise<Connection> {
  const url = settings.urls[attempt % settings.urls.length];
  if (url === undefined) throw new Error('no broker URL is set');
  const address = { heartbeat: settings.heartbeatS, ...brokerAddress(url) };
  const model = await openModel(address, settings, name).catch((error: unknown) => {
    throw new ConnectionError(error);
  });
  const stream = socketOf(model);
  if (stream !== undefined) gatherWrites(stream);
  const { maxBodyBytes } = settings;
  deliverUnreadable(model, maxBodyBytes === undefined ? undefined : READ_HEADERS);
  if (maxBodyBytes !== undefined) abridgeBodies(model, maxBodyBytes);
  return new Connection(model, settings.timeoutMs, onBlocked);
}

async function openModel(
  address: BrokerAddress,
  { tls, timeoutMs }: ConnectionSettings,
  name: string,
): Promise<ChannelModel> {
  // The settings rule it out; a certificate must never lead to a connection in plain text.
  if (tls !== undefined && address.protocol !== 'amqps') throw new Error('TLS files are set for a URL without TLS');
  // amqplib's own limit starts again with each byte: a peer that drips bytes never exceeds it.
  const limit = new AbortController();
  const options = {
    // Node destroys the socket, in whatever state it is.
    signal: limit.signal,
    noDelay: true,
    keepAlive: true,
    clientProperties: { connection_name: name },
    ...(address.loginByCertificate === true && { credentials: credentials.external() }),
    ...(tls !== undefined && readTlsFiles(tls)),
    // Also where the environment says NODE_TLS_REJECT_UNAUTHORIZED=0.
    ...(address.protocol === 'amqps' && { rejectUnauthorized: true }),
  };
  try {
    return await within(timeoutMs, 'the broker', connect(address, options));
  } catch (error) {
    if (error instanceof TimeoutError) limit.abort();
    throw error;
  }
}

/**
 * amqplib waits forever for a silent peer's close-ok, and has no call that aborts the wait. Only an
 * error makes it stop its heartbeat, whose timers keep the process alive.
 */
function cutSocket(model: ChannelModel): void {
  socketOf(model)?.destroy(new Error('the peer is silent'));
}

/** The socket of the connection. amqplib's types do not declare it. */
function socketOf(model: ChannelModel): Duplex | undefined {
  const { stream } = model.connection as unknown as { stream?: Duplex };
  return stream;
}
