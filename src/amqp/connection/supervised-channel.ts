import type { Channel, ChannelModel } from 'amqplib';

import { backOffMs, pause } from '../../time/retry.ts';
import { openConnection, type Connection, type ConnectionSettings } from './connection.ts';
import { TopologyMismatchError } from './topology.ts';

/** Events of a supervised channel. None follows once `stop` has resolved. */
export interface ChannelEvents {
  /**
   * The channel named `name` is lost, or could not be opened. `failures`: failed attempts in a row;
   * the next follows by itself.
   */
  lost(name: string, reason: string, failures: number): void;
  restored(name: string): void;
}

/** How one side (consumer, publisher) uses its channel. */
export interface ChannelUser<C extends Channel> {
  open(model: ChannelModel): Promise<C>;
  /**
   * Prepares the new channel. A rejection makes the supervisor open another;
   * `TopologyMismatchError` ends the supervision. A set-up that is still running after `down` must
   * change nothing.
   */
  setUp(channel: C, model: ChannelModel): Promise<void>;
  up(channel: C): void;
  /**
   * Drops everything that belongs to the channel. Called once per set-up, also where that failed or
   * was abandoned.
   */
  down(): void;
  /**
   * A resource alarm stops the broker from reading this connection, or no longer does. A lasting
   * alarm is repeated before each `up`. Omitted by users that publish nothing.
   */
  blocked?(blocked: boolean): void;
  /** Whether the next attempt should follow almost at once. Asked before each pause. */
  retriesFast?(): boolean;
}

const STABLE_AFTER_MS = 5_000;
/**
 * A fast retry waits 0.25× to 1.25× of this: workers that lose their channels over one message
 * spread out.
 */
const FAST_RETRY_MS = 40;

/**
 * Keeps one connection, and one channel on it, alive: reconnects and reopens forever with jittered
 * back-off, until `stop`. A lost channel is replaced on the same connection; a lost connection by
 * one to the next URL.
 *
 * The room: connection.ts opens connections and limits calls in time; broker-errors.ts knows every
 * error text of broker and amqplib; topology.ts declares the queues; url.ts reads AMQP_URL;
 * gathered-writes.ts saves system calls.
 */
export class SupervisedChannel<C extends Channel> {
  /** Resolves when the supervision is stopped. Rejects when a retry cannot help. */
  readonly ended: Promise<void>;
  /**
   * Resolves when the channel is up for the first time, or was stopped before. Rejects as `ended`
   * does.
   */
  readonly started: Promise<void>;
  readonly #name: string;
  readonly #settings: ConnectionSettings;
  readonly #user: ChannelUser<C>;
  readonly #events: ChannelEvents;
  readonly #stopping = new AbortController();
  #rebuild: ((reason: string) => void) | undefined;
  /** Whether the current channel is closed on purpose. */
  #replacing = false;
  /** Whether the current connection is to be closed with its channel. */
  #reconnecting = false;
  #failures = 0;
  #url: string | undefined;
  #trouble: string | undefined;
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

  /** The URL of the current connection, or of the last one; `undefined` before the first. */
  get url(): string | undefined {
    return this.#url;
  }

  /** Why there is no channel now; `undefined` while there is one, and before the first attempt. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Closes the current channel and opens another. */
  rebuild(reason: string): void {
    this.#rebuild?.(reason);
  }

  /** The same on purpose: it is not reported as a loss. */
  replace(reason: string): void {
    this.#replacing = true;
    this.rebuild(reason);
  }

  /** Closes the current connection and opens one to the next URL. */
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
        this.#url = this.#settings.urls[attempt % this.#settings.urls.length];
        const started = performance.now();
        const connection = await openConnection(this.#settings, `contacts-worker ${this.#name}`, attempt, (blocked) =>
          this.#user.blocked?.(blocked),
        );
        try {
          await this.#keepChannel(connection, started);
        } finally {
          await connection.close();
          // An alarm that came after `down` would outlive its connection.
          if (connection.isBlocked) this.#user.blocked?.(false);
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

  /**
   * Returns when the connection closes or the supervision is stopped. Rejects when no channel can
   * be opened. The first channel has what is left of the time since `started`.
   */
  async #keepChannel(connection: Connection, started: number): Promise<void> {
    this.#reconnecting = false;
    let limitMs = Math.max(1, this.#settings.timeoutMs - (performance.now() - started));
    while (connection.isOpen && !this.#reconnecting && !this.#stopping.signal.aborted) {
      const { channel, closed } = await this.#openChannel(connection, limitMs);
      limitMs = this.#settings.timeoutMs;
      const since = Date.now();
      this.#trouble = undefined;
      this.#events.restored(this.#name);
      if (connection.isBlocked) this.#user.blocked?.(true);
      this.#user.up(channel);
      this.#firstUp();
      const reason = await Promise.race([closed, connection.closed]);
      this.#user.down();
      if (Date.now() - since > STABLE_AFTER_MS) this.#failures = 0;
      if (!this.#stopping.signal.aborted && !this.#replacing) this.#lost(reason);
      this.#replacing = false;
      await this.#closeChannel(channel, connection);
      if (connection.isOpen && !this.#reconnecting && this.#failures > 1) {
        await pause(this.#pauseMs(), this.#stopping.signal);
      }
    }
  }

  async #openChannel(connection: Connection, limitMs: number): Promise<{ channel: C; closed: Promise<string> }> {
    let opened: ChannelModel | undefined;
    const channel = await connection.channel((model) => {
      opened = model;
      return this.#user.open(model);
    }, limitMs);
    this.#replacing = false;
    const closed = new Promise<string>((resolve) => {
      channel.on('error', (error) => resolve(`channel error: ${error.message}`));
      channel.on('close', () => resolve('channel closed'));
      this.#rebuild = resolve;
      // Stopped while the channel opened: `stop` found nothing to end then.
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
      // It is closed already, or its peer is silent and the heartbeat will end the connection.
    }
  }

  #lost(reason: string): void {
    this.#failures += 1;
    this.#trouble = reason;
    this.#events.lost(this.#name, reason, this.#failures);
  }
}
