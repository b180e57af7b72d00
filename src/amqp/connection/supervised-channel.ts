import type { Channel, ChannelModel } from 'amqplib';

import { backOffMs, pause } from '../../time/retry.ts';
import { openConnection, type Connection, type ConnectionSettings } from './connection.ts';
import { TopologyMismatchError } from './topology.ts';

/** What the link tells its owner; never called after `stop` has resolved. */
export interface ChannelEvents {
  /** The link was lost, or could not be made; `failures` tries in a row have failed, the next follows by itself. */
  lost(name: string, reason: string, failures: number): void;
  restored(name: string): void;
}

/** How one side (consuming, publishing) uses its channel. */
export interface ChannelUser<C extends Channel> {
  open(model: ChannelModel): Promise<C>;
  /**
   * Makes the new channel usable. Rejecting gives it up and tries another; `TopologyMismatchError` ends the link. What it
   * still does after `down` must change nothing.
   */
  setUp(channel: C, model: ChannelModel): Promise<void>;
  up(channel: C): void;
  /** Drops all that belongs to the channel. Called once for each set-up, also for one that failed or was given up. */
  down(): void;
  /** The broker's resource alarm stops it from reading this connection. Where that lasts it is told anew before each `up`. Left out where nothing is published. */
  blocked?(blocked: boolean): void;
  /** Whether the next try should follow almost at once; asked before each pause. */
  retriesFast?(): boolean;
}

const STABLE_AFTER_MS = 5_000;
/** So that workers which lose their links over the same message do not return in step. */
const FAST_RETRY_MS = 40;

/**
 * Keeps one connection and one channel on it alive. A lost channel is replaced on the same connection; a lost
 * connection by another, to the next URL. Tries for ever with jittered back-off, until `stop`.
 */
export class SupervisedChannel<C extends Channel> {
  /** Rejects when trying again cannot help; resolves when the link was stopped. */
  readonly ended: Promise<void>;
  /** Resolves when the link is up for the first time, or was stopped before; rejects as `ended` does. */
  readonly started: Promise<void>;
  readonly #name: string;
  readonly #settings: ConnectionSettings;
  readonly #user: ChannelUser<C>;
  readonly #events: ChannelEvents;
  readonly #stopping = new AbortController();
  #rebuild: ((reason: string) => void) | undefined;
  /** The present connection is to be given up with its channel. */
  #reconnecting = false;
  #failures = 0;
  #firstUp: () => void = () => undefined;

  constructor(name: string, settings: ConnectionSettings, user: ChannelUser<C>, events: ChannelEvents) {
    this.#name = name;
    this.#settings = settings;
    this.#user = user;
    this.#events = events;
    this.ended = Promise.resolve().then(() => this.#keepConnected());
    this.ended.catch(() => undefined);
    this.started = Promise.race([new Promise<void>((resolve) => (this.#firstUp = resolve)), this.ended]);
    this.started.catch(() => undefined);
  }

  /** Gives up the present channel and opens another. */
  rebuild(reason: string): void {
    this.#rebuild?.(reason);
  }

  /** Gives up the present connection and opens another, to the next URL. */
  reconnect(reason: string): void {
    this.#reconnecting = true;
    this.rebuild(reason);
  }

  /** Closes channel and connection within their time limits. Idempotent; never rejects. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#rebuild?.('stopping');
    await this.ended.catch(() => undefined);
  }

  async #keepConnected(): Promise<void> {
    const { signal } = this.#stopping;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        const connection = await openConnection(this.#settings, `contacts-worker ${this.#name}`, attempt, (blocked) =>
          this.#user.blocked?.(blocked),
        );
        try {
          await this.#keepChannel(connection);
        } finally {
          await connection.close();
        }
      } catch (error) {
        if (error instanceof TopologyMismatchError) throw error;
        this.#lost(error instanceof Error ? error.message : String(error));
      }
      await pause(this.#pauseMs(), signal);
    }
  }

  #pauseMs(): number {
    if (this.#user.retriesFast?.() === true) return Math.round(FAST_RETRY_MS * (0.25 + Math.random()));
    return backOffMs(this.#failures);
  }

  /** Returns when the connection is gone or the link is stopped; rejects when a channel cannot be made. */
  async #keepChannel(connection: Connection): Promise<void> {
    this.#reconnecting = false;
    while (connection.isOpen && !this.#reconnecting && !this.#stopping.signal.aborted) {
      const { channel, closed } = await this.#openChannel(connection);
      const since = Date.now();
      this.#events.restored(this.#name);
      if (connection.isBlocked) this.#user.blocked?.(true);
      this.#user.up(channel);
      this.#firstUp();
      const reason = await Promise.race([closed, connection.closed]);
      this.#user.down();
      if (Date.now() - since > STABLE_AFTER_MS) this.#failures = 0;
      if (!this.#stopping.signal.aborted) this.#lost(reason);
      await this.#closeChannel(channel, connection);
      if (connection.isOpen && !this.#reconnecting && this.#failures > 1) {
        await pause(this.#pauseMs(), this.#stopping.signal);
      }
    }
  }

  async #openChannel(connection: Connection): Promise<{ channel: C; closed: Promise<string> }> {
    let opened: ChannelModel | undefined;
    const channel = await connection.channel((model) => {
      opened = model;
      return this.#user.open(model);
    });
    const closed = new Promise<string>((resolve) => {
      channel.on('error', (error) => resolve(`channel error: ${error.message}`));
      channel.on('close', () => resolve('channel closed'));
      this.#rebuild = resolve;
      // Stopped while the channel was being opened, when nobody could be told.
      if (this.#stopping.signal.aborted) resolve('stopping');
    });
    const setUp = this.#user.setUp(channel, opened as ChannelModel);
    const lost = closed.then((reason) => Promise.reject(new Error(reason)));
    try {
      await connection.call('setting up the channel', Promise.race([lost, setUp]));
    } catch (error) {
      this.#user.down();
      throw error;
    }
    return { channel, closed };
  }

  async #closeChannel(channel: C, connection: Connection): Promise<void> {
    try {
      await connection.call('closing the channel', channel.close());
    } catch {
      // It is closed already, or its peer is silent and the connection will be found dead by its heartbeat.
    }
  }

  #lost(reason: string): void {
    this.#failures += 1;
    this.#events.lost(this.#name, reason, this.#failures);
  }
}
