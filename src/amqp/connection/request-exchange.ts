import type { Channel, ChannelModel } from 'amqplib';

import {
  hashExchangeOf,
  numberedQueue,
  requestQueuesOf,
  rosterOf,
  type RequestQueues,
} from '../../protocol/request-queues.ts';
import { within } from '../../time/limit.ts';
import { argumentMismatchOf, isAccessRefused, isNotFound, isUnknownExchangeType } from './broker-errors.ts';
import { declarePlainQueue, declareTopology, TopologyMismatchError } from './topology.ts';

/** Sends each message to one of its bindings, by the hash of the routing key. */
const HASH_TYPE = 'x-modulus-hash';
/** Since RabbitMQ 4.3 the type needs no plugin, and a restart does not reorder its bindings. */
const MIN_VERSION = [4, 3] as const;
const GUIDE = 'docs/operations/resharding.md has the procedure.';

/**
 * The exchanges in front of several queues. Producers publish to the first, of the name
 * REQUEST_QUEUE, which has one binding: to the second, which has one binding for each queue. So all
 * queues come into use at one moment, and removing the one binding pauses all producers at once. A
 * key that hashes to another queue while queues are added one by one would break the order.
 */
export class RequestExchange {
  readonly #queues: RequestQueues;
  readonly #timeoutMs: number;
  #isDeclared = false;
  #pending: Promise<void> | undefined;

  /** `timeoutMs`: for all declarations together. */
  constructor(queues: RequestQueues, timeoutMs: number) {
    this.#queues = queues;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Declares exchanges, queues and bindings; later calls only where the exchange is missing: who
   * removed the binding alone has paused the producers. The queue of the workers is declared each
   * time. Rejects with `TopologyMismatchError` where an exchange has another type, or the queues are
   * those of another REQUEST_QUEUES; the one queue of REQUEST_QUEUES=1 needs no more than that.
   */
  async declare(model: ChannelModel): Promise<void> {
    const { name, count } = this.#queues;
    if (count === 1) return this.#checkSingle(model);
    if (this.#isDeclared && (await exchangeExists(model, hashExchangeOf(name))))
      return declarePlainQueue(model, rosterOf(name));
    // One of the consumers declares for all; each tries again on its own connection where that fails.
    this.#pending ??= within(this.#timeoutMs, 'declaring the exchange', this.#declareAll(model)).finally(
      () => (this.#pending = undefined),
    );
    await this.#pending;
  }

  /** Requests that wait behind the exchange would wait for ever. */
  async #checkSingle(model: ChannelModel): Promise<void> {
    const hash = hashExchangeOf(this.#queues.name);
    const isThere = !this.#isDeclared && (await exchangeExists(model, hash).catch(falseWhereRefused));
    if (isThere) {
      throw new TopologyMismatchError(
        `REQUEST_QUEUES is 1, but the exchange ${hash} exists: it had another value before. ` +
          `Set it back, or drain and delete the queues and exchanges first. ${GUIDE}`,
      );
    }
    this.#isDeclared = true;
  }

  async #declareAll(model: ChannelModel): Promise<void> {
    checkVersion(model);
    if (!this.#isDeclared) await this.#checkNumber(model);
    // The last queue first and queue 0 last: #checkNumber concludes from queue 0 to the last.
    const [first, ...others] = requestQueuesOf(this.#queues);
    for (const queue of others.toReversed()) await declareTopology(model, queue);
    if (first !== undefined) await declareTopology(model, first);
    await declarePlainQueue(model, rosterOf(this.#queues.name));
    await onChannel(model, (channel) => this.#bind(channel));
    this.#isDeclared = true;
  }

  async #bind(channel: Channel): Promise<void> {
    const { name } = this.#queues;
    const hash = hashExchangeOf(name);
    try {
      await channel.assertExchange(hash, HASH_TYPE, { durable: true, internal: true });
      for (const { queue } of requestQueuesOf(this.#queues)) await channel.bindQueue(queue, hash, '');
      await channel.assertExchange(name, HASH_TYPE, { durable: true });
      await channel.bindExchange(hash, name, '');
    } catch (error) {
      throw exchangeError(name, error);
    }
  }

  /**
   * Another number of queues would spread the keys otherwise while requests wait, and requests in a
   * queue that nobody consumes would wait for ever.
   */
  async #checkNumber(model: ChannelModel): Promise<void> {
    const { name, count } = this.#queues;
    if (await queueExists(model, name)) {
      throw new TopologyMismatchError(
        `the queue ${name} exists, as REQUEST_QUEUES was 1 before; it is ${count} now. ` +
          `Drain and delete that queue first, or set REQUEST_QUEUES to 1. ${GUIDE}`,
      );
    }
    const more = numberedQueue(name, count);
    const fewer =
      (await queueExists(model, numberedQueue(name, 0))) && !(await queueExists(model, numberedQueue(name, count - 1)));
    if (!fewer && !(await queueExists(model, more))) return;
    const found = fewer ? `there are fewer queues ${name}.0, ${name}.1 …` : `the queue ${more} exists`;
    throw new TopologyMismatchError(
      `REQUEST_QUEUES is ${count}, but ${found}: it had another value before. ` +
        `Set it back, or drain and delete the queues first. ${GUIDE}`,
    );
  }
}

function checkVersion(model: ChannelModel): void {
  const { serverProperties } = model.connection as unknown as { readonly serverProperties?: { version?: unknown } };
  const version = typeof serverProperties?.version === 'string' ? serverProperties.version : '';
  const [major = NaN, minor = NaN] = version.split('.').map(Number);
  if (!(major < MIN_VERSION[0] || (major === MIN_VERSION[0] && minor < MIN_VERSION[1]))) return;
  throw new TopologyMismatchError(
    `REQUEST_QUEUES above 1 needs RabbitMQ ${MIN_VERSION.join('.')} or later; this is ${version}. ` +
      `Upgrade the broker, or set REQUEST_QUEUES to 1.`,
  );
}

function exchangeError(name: string, error: unknown): unknown {
  if (isUnknownExchangeType(error)) {
    return new TopologyMismatchError(
      `the broker has no exchange type ${HASH_TYPE}, which REQUEST_QUEUES above 1 needs. ` +
        'RabbitMQ has it since 4.3: upgrade the broker, or set REQUEST_QUEUES to 1.',
    );
  }
  const mismatch = argumentMismatchOf(error);
  if (mismatch === undefined) return error;
  const { argument, ours, theirs } = mismatch;
  return new TopologyMismatchError(
    `the exchange ${name} or ${hashExchangeOf(name)} exists with another ${argument}: ` +
      `the worker declares ${ours}, the broker has ${theirs}. ` +
      'Delete the exchange (the worker recreates it), or set REQUEST_QUEUE to another name.',
  );
}

/** Whether the queue exists. Needs the right to configure it. */
function queueExists(model: ChannelModel, queue: string): Promise<boolean> {
  return exists(model, (channel) => channel.checkQueue(queue));
}

/** Whether the exchange exists. Needs the right to configure it. */
function exchangeExists(model: ChannelModel, exchange: string): Promise<boolean> {
  return exists(model, (channel) => channel.checkExchange(exchange));
}

/** A user without the right to the exchanges of several queues is one of REQUEST_QUEUES=1. */
function falseWhereRefused(error: unknown): boolean {
  if (isAccessRefused(error)) return false;
  throw error;
}

async function exists(model: ChannelModel, check: (channel: Channel) => Promise<unknown>): Promise<boolean> {
  try {
    await onChannel(model, check);
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

/** Uses a channel of its own, as the broker closes the channel of what it refuses. */
async function onChannel(model: ChannelModel, use: (channel: Channel) => Promise<unknown>): Promise<void> {
  const channel = await model.createChannel();
  channel.on('error', () => undefined);
  await use(channel);
  await channel.close();
}
