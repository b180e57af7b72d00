import type { ChannelModel, Options } from 'amqplib';

import { argumentMismatchOf, type ArgumentMismatch } from './broker-errors.ts';

/** An existing queue has other arguments than the worker declares. Trying again cannot help. */
export class TopologyMismatchError extends Error {
  override readonly name = 'TopologyMismatchError';
}

export function deadLetterQueueOf(requestQueue: string): string {
  return `${requestQueue}.dead`;
}

/**
 * So often may the end of a channel (its connection, its process) take a request back before the broker dead-letters it
 * itself. The last net, for what no client can read: far above MAX_ATTEMPTS' default and what caution.ts lets a neighbour be charged.
 */
const DELIVERY_LIMIT = 100;
/** In the dead-letter queue no limit: behind it is nothing, so that the broker would drop what was read too often. */
const NO_DELIVERY_LIMIT = -1;

function requestQueueOptions(requestQueue: string, deliveryLimit: number): Options.AssertQueue {
  return {
    durable: true,
    arguments: {
      'x-queue-type': 'quorum',
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': deadLetterQueueOf(requestQueue),
      // At-least-once dead-lettering silently falls back to at-most-once under any other overflow.
      'x-dead-letter-strategy': 'at-least-once',
      'x-overflow': 'reject-publish',
      'x-delivery-limit': deliveryLimit,
    },
  };
}

const DEAD_LETTER_QUEUE_OPTIONS: Options.AssertQueue = {
  durable: true,
  arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': NO_DELIVERY_LIMIT },
};

/** What is to be known of the queues that are there. */
export interface Topology {
  /** The request queue is as an earlier build declared it: without a delivery limit, unless a policy sets one. */
  readonly outdated: boolean;
}

/**
 * Declares the request queue and its dead-letter queue, each on a channel of its own, as a refusal closes the channel.
 * Rejects with `TopologyMismatchError` where one exists with other arguments.
 */
export async function declareTopology(model: ChannelModel, requestQueue: string): Promise<Topology> {
  await declare(model, deadLetterQueueOf(requestQueue), DEAD_LETTER_QUEUE_OPTIONS);
  const options = requestQueueOptions(requestQueue, DELIVERY_LIMIT);
  const difference = await differenceOf(model, requestQueue, options);
  if (difference === undefined) return { outdated: false };
  // A policy can give such a queue its limit; nobody has to delete it.
  const earlier = requestQueueOptions(requestQueue, NO_DELIVERY_LIMIT);
  if (difference.argument === 'x-delivery-limit' && (await differenceOf(model, requestQueue, earlier)) === undefined) {
    return { outdated: true };
  }
  throw await mismatchError(model, requestQueue, difference);
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
  // The broker names one argument only; a queue of another type differs in that first of all.
  const type = await differenceOf(model, queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  const named = type?.argument === 'x-queue-type' ? type : difference;
  return new TopologyMismatchError(
    `queue ${queue} exists with another ${named.argument}: the worker declares ${named.ours}, the broker has ${named.theirs}. ` +
      'Delete the queue once it is empty (the worker declares it anew), or set REQUEST_QUEUE to another name.',
  );
}

/** Declares the queue; gives the argument in which an existing one differs. */
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
