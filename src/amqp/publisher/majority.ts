import { randomBytes } from 'node:crypto';

import { TimeoutError } from '../../time/limit.ts';
import { ConnectionError, isAccessRefused, isInternalError } from '../connection/broker-errors.ts';
import { openConnection, type ConnectionSettings } from '../connection/connection.ts';

/** The broker removes the queue by itself where the connection's end does not. */
const EXPIRES_MS = 60_000;
/** Ticks between two questions, while messages wait for their confirms. */
const ASK_EVERY = 5;
/** Ticks without a majority after which another node may do better. */
const MOVE_AFTER = 15;
/** Ticks in which queues elect their leaders, one after the other, once there is a majority again. */
const ELECTIONS = 10;

/**
 * Asks a broker's node whether its cluster has a majority: the node declares an exclusive queue,
 * which only a majority can decide (RabbitMQ 4.2 and later, whose metadata store is Khepri; a node
 * alone answers at once). Without a majority, connections, channels and passive declarations work
 * as usual, unroutable messages are confirmed, and quorum queues confirm nothing.
 */
export class MajorityProbe {
  readonly #settings: ConnectionSettings;
  readonly #queuePrefix: string;
  #permitted = true;

  /** `queuePrefix`: how the queue's name begins. The user needs the right to configure it. */
  constructor(settings: ConnectionSettings, queuePrefix: string) {
    this.#settings = settings;
    this.#queuePrefix = queuePrefix;
  }

  /**
   * Resolves with `false` where the node leaves the declaration unanswered. Any other failure says
   * nothing about a majority, so it resolves with `true`: outsiders can use up connections and
   * queues. A user without the right is asked for once. Never rejects.
   */
  async ask(url: string): Promise<boolean> {
    if (!this.#permitted) return true;
    try {
      await this.#declare(url);
      return true;
    } catch (error) {
      if (isAccessRefused(error) && !(error instanceof ConnectionError)) this.#permitted = false;
      return !(error instanceof TimeoutError || (error instanceof Error && isInternalError(error.message)));
    }
  }

  async #declare(url: string): Promise<void> {
    // Its own connection: after 30 s without a majority the broker closes the connection.
    const settings = { ...this.#settings, urls: [url] };
    const connection = await openConnection(settings, 'contacts-worker majority', 0, () => undefined);
    try {
      const channel = await connection.channel((model) => model.createChannel());
      channel.on('error', () => undefined);
      const queue = `${this.#queuePrefix}.${randomBytes(6).toString('hex')}`;
      const options = { exclusive: true, durable: false, arguments: { 'x-expires': EXPIRES_MS } };
      await connection.call('declaring a queue', channel.assertQueue(queue, options));
      await connection.call('deleting a queue', channel.deleteQueue(queue));
    } finally {
      void connection.close();
    }
  }
}

export interface MajorityWatchHost {
  ask(): Promise<boolean>;
  changed(isPresent: boolean): void;
  /** Another node may have a majority. */
  move(): void;
}

/** Decides whether time counts for messages that wait for their queue. */
export class MajorityWatch {
  readonly #host: MajorityWatchHost;
  #isAsking = false;
  #isMissing = false;
  /** One question stays unanswered. A single one may also be a slow node. */
  #isDoubtful = false;
  #askedAt = -Infinity;
  #missingTicks = 0;
  #electionTicks = 0;

  constructor(host: MajorityWatchHost) {
    this.#host = host;
  }

  /** Whether a question is open. */
  get isAsking(): boolean {
    return this.#isAsking;
  }

  /** Whether the broker itself is in trouble, so that no queue is to blame. */
  get isBlameless(): boolean {
    return this.#isMissing || this.#electionTicks > 0;
  }

  /**
   * Whether this tick counts: not while the cluster has no majority, nor in the elections that
   * follow. To be called once a tick while messages wait. `now`: the ticks that counted.
   */
  counts(now: number): boolean {
    if (this.#isMissing && (this.#missingTicks += 1) % MOVE_AFTER === 0) this.#host.move();
    if (this.#isAsking) return false;
    if (this.#isMissing || now - this.#askedAt >= ASK_EVERY) void this.#ask(now);
    if (this.#isMissing || this.#electionTicks === 0) return !this.#isMissing && !this.#isDoubtful;
    this.#electionTicks -= 1;
    return false;
  }

  async #ask(now: number): Promise<void> {
    this.#isAsking = true;
    this.#askedAt = now;
    const isPresent = await this.#host.ask();
    this.#isAsking = false;
    const isFirstFailure = !isPresent && !this.#isMissing && !this.#isDoubtful;
    this.#isDoubtful = isFirstFailure;
    if (isFirstFailure) this.#askedAt = -Infinity;
    if (isFirstFailure || isPresent === !this.#isMissing) return;
    this.#isMissing = !isPresent;
    this.#missingTicks = 0;
    this.#electionTicks = ELECTIONS;
    this.#host.changed(isPresent);
  }
}
