import type { ChannelModel, Options } from 'amqplib';

import type { RequestQueue } from '../../protocol/request-queues.ts';
import { argumentMismatchOf, type ArgumentMismatch } from './broker-errors.ts';

/** An existing queue has other arguments than the worker declares. A retry cannot help. */
export class TopologyMismatchError extends Error {
  override readonly name = 'TopologyMismatchError';
}

/**
 * How often the end of a channel (its connection, its process) may requeue a request before the
 * broker dead-letters it. The last safety net, for messages that no client can read: far above
 * MAX_ATTEMPTS' default, and above the delivery counts that cautious prefetch allows for neighbours
 * of such a message.
 */
const DELIVERY_LIMIT = 100;
/**
 * The dead-letter queue has no limit: it has no dead-letter queue of its own, so the broker would
 * drop letters that were read too often.
 */
const NO_DELIVERY_LIMIT = -1;

function requestQueueOptions(
  { deadLetterQueue, isSingleActive }: RequestQueue,
  deliveryLimit: number,
): Options.AssertQueue {
  return {
    durable: true,
    arguments: {
      'x-queue-type': 'quorum',
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': deadLetterQueue,
      // With any other overflow, at-least-once dead-lettering silently falls back to at-most-once.
      'x-dead-letter-strategy': 'at-least-once',
      'x-overflow': 'reject-publish',
      'x-delivery-limit': deliveryLimit,
      ...(isSingleActive && { 'x-single-active-consumer': true }),
    },
  };
}

const DEAD_LETTER_QUEUE_OPTIONS: Options.AssertQueue = {
  durable: true,
  arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': NO_DELIVERY_LIMIT },
};

/** Declares a quorum queue without other arguments. Rejects with `TopologyMismatchError`. */
export function declarePlainQueue(model: ChannelModel, queue: string): Promise<void> {
  return declare(model, queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
}

/** State of the existing queues. */
export interface Topology {
  /**
   * The request queue was declared by an earlier build: it has no delivery limit, unless a policy
   * sets one.
   */
  readonly outdated: boolean;
}

/**
 * Declares the request queue and its dead-letter queue, each on its own channel, because the broker
 * closes the channel of a declaration that it refuses. Rejects with `TopologyMismatchError` where a
 * queue exists with other arguments.
 */
export async function declareTopology(model: ChannelModel, requestQueue: RequestQueue): Promise<Topology> {
  const { queue, deadLetterQueue } = requestQueue;
  await declare(model, deadLetterQueue, DEAD_LETTER_QUEUE_OPTIONS);
  const options = requestQueueOptions(requestQueue, DELIVERY_LIMIT);
  const difference = await differenceOf(model, queue, options);
  if (difference === undefined) return { outdated: false };
  // A policy can set the limit of such a queue; nobody has to delete it.
  const earlier = requestQueueOptions(requestQueue, NO_DELIVERY_LIMIT);
  if (difference.argument === 'x-delivery-limit' && (await differenceOf(model, queue, earlier)) === undefined) {
    return { outdated: true };
  }
  throw await mismatchError(model, queue, difference);
}

async function declare(model: ChannelModel, queue: string, options: Options.AssertQueue): Promise<void> {
  const difference = await differenceOf(model, queue, options);
  if (difference !== undefined) throw await mismatchError(model, queue, difference);
}

async function mismatchError(
  model: ChannelModel,
  queue: string,
  difference: ArgumentMismatch,
): Promise<TopologyMismatchError> {
  // The broker names only one argument. A queue of another type differs in its type first of all.
  const type = await differenceOf(model, queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  const named = type?.argument === 'x-queue-type' ? type : difference;
  return new TopologyMismatchError(
    `queue ${queue} exists with another ${named.argument}: the worker declares ${named.ours}, the broker has ${named.theirs}. ` +
      'Delete the queue once it is empty (the worker recreates it), or set REQUEST_QUEUE to another name.',
  );
}

/** Declares the queue. Returns the argument in which an existing queue differs. */
async function differenceOf(
  model: ChannelModel,
  queue: string,
  options: Options.AssertQueue,
): Promise<ArgumentMismatch | undefined> {
  const channel = await model.createChannel();
  channel.on('error', () => undefined);
  try {
    await channel.assertQueue(queue, options);
    await channel.close();
    return undefined;
  } catch (error) {
    const mismatch = argumentMismatchOf(error);
    if (mismatch === undefined) throw error;
    return mismatch;
  }
}
