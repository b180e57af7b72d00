import { randomUUID } from 'node:crypto';

import { connect, type ChannelModel } from 'amqplib';

import { ArmedFault, type AnswerFault } from './armed-fault.ts';

/**
 * Faults for the next requests. For each one a consumer with a higher priority than the worker's
 * receives the next request, instead of the worker.
 */
export class AnswerFaults {
  readonly #url: string;
  readonly #queue: string;
  #connection: Promise<ChannelModel> | undefined;
  readonly #armed = new Set<ArmedFault>();
  #order = 0;

  constructor(url: string, queue: string) {
    this.#url = url;
    this.#queue = queue;
  }

  /** Resolves once the fault will meet the next request that no earlier fault meets. */
  async arm(fault: AnswerFault): Promise<void> {
    const order = (this.#order += 1);
    const connection = await this.#connected();
    const armed = new ArmedFault(fault, this.#queue, randomUUID());
    this.#armed.add(armed);
    armed.ended = () => void this.#armed.delete(armed);
    // An earlier fault has the higher priority.
    await armed.arm(await connection.createConfirmChannel(), MAX_PRIORITY - order);
  }

  /** Removes the faults that met no request, and drops the answers that are held. */
  async clear(): Promise<void> {
    await Promise.all([...this.#armed].map((armed) => armed.disarm()));
    this.#order = 0;
  }

  async close(): Promise<void> {
    await this.clear();
    const connection = await this.#connection?.catch(() => undefined);
    this.#connection = undefined;
    await connection?.close();
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
/** Above a consumer's usual priority, which is 0. */
const MAX_PRIORITY = 1_000_000;
