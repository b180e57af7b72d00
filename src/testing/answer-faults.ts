import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import { connect, type ChannelModel } from 'amqplib';

import { ArmedFault, type AnswerFault } from './armed-fault.ts';
import type { Publication } from './publication.ts';

/**
 * Faults for the next requests. For each one a consumer with a higher priority than the worker's
 * receives the next request, instead of the worker.
 */
export class AnswerFaults {
  readonly #url: string;
  readonly #queue: string;
  #connection: Promise<ChannelModel> | undefined;
  readonly #faults = new Set<ArmedFault>();
  #order = 0;
  /** Requests are forwarded one after another. */
  #forwarding: Promise<unknown> = Promise.resolve();

  constructor(url: string, queue: string) {
    this.#url = url;
    this.#queue = queue;
  }

  /** Resolves once the fault will meet the next request that no earlier fault meets. */
  async arm(fault: AnswerFault): Promise<void> {
    const armed = new ArmedFault(fault, this.#queue, {
      forward: (from, request, isNeeded) =>
        this.#inTurn(async () => {
          if (isNeeded?.() !== false) await this.#forward(from, request);
        }),
      ended: () => void this.#faults.delete(armed),
    });
    this.#order += 1;
    const order = this.#order;
    const connection = await this.#connected();
    this.#faults.add(armed);
    // An earlier fault has the higher priority.
    await armed.arm(await connection.createConfirmChannel(), MAX_PRIORITY - order);
  }

  /** Removes the faults that met no request, and drops the answers that are held. */
  async clear(): Promise<void> {
    await Promise.all([...this.#faults].map((armed) => armed.disarm()));
    this.#order = 0;
  }

  async close(): Promise<void> {
    await this.clear();
    const connection = await this.#connection?.catch(() => undefined);
    this.#connection = undefined;
    await connection?.close();
  }

  /**
   * Sends a request to the worker, past the other faults: those that are still armed receive its
   * first copies and hold them, until a copy reaches the worker.
   */
  async #forward(from: ArmedFault, request: Publication): Promise<void> {
    for (;;) {
      const copy = randomUUID();
      await from.publish(request, copy);
      const armed = [...this.#faults].filter((fault) => fault.isArmed);
      await Promise.all(armed.map((fault) => fault.caughtUp()));
      if (armed.every((fault) => fault.heldCopy !== copy)) break;
    }
    for (const fault of this.#faults) if (fault !== from) fault.dropCopy();
  }

  async #inTurn(forward: () => Promise<void>): Promise<void> {
    const earlier = this.#forwarding;
    const turn = earlier.then(forward);
    this.#forwarding = turn.catch(() => pause(RETRY_MS));
    await turn;
  }

  #connected(): Promise<ChannelModel> {
    this.#connection ??= this.#connect();
    return this.#connection;
  }

  async #connect(): Promise<ChannelModel> {
    try {
      const connection = await connect(this.#url, { timeout: CONNECT_LIMIT_MS });
      connection.on('error', () => undefined);
      connection.on('close', () => (this.#connection = undefined));
      return connection;
    } catch (error) {
      this.#connection = undefined;
      throw error;
    }
  }
}

const CONNECT_LIMIT_MS = 10_000;
const RETRY_MS = 100;
/** Above a consumer's usual priority, which is 0. */
const MAX_PRIORITY = 1_000_000;
