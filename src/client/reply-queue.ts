import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';

import { DIRECT_REPLY_TO } from '../protocol/reply.ts';

/** A named reply queue that nobody consumes is removed after this, in milliseconds. */
const EXPIRES_MS = 7 * 24 * 3_600_000;

/**
 * Consumes answers: from the named queue, which is declared where it is missing, or by direct
 * reply-to. Returns the `reply_to` of requests, which must be sent on this channel. `receive` gets
 * `null` when the broker cancels the consumer.
 */
export async function consumeAnswers(
  channel: Channel,
  model: ChannelModel,
  replyQueue: string | undefined,
  receive: (message: ConsumeMessage | null) => void,
): Promise<string> {
  if (replyQueue !== undefined) await prepare(model, replyQueue);
  const name = replyQueue ?? DIRECT_REPLY_TO;
  // Without acknowledgements: an answer that is lost on its way is sent again when its request is.
  await channel.consume(name, receive, { noAck: true, exclusive: replyQueue !== undefined });
  // Another client may have begun to consume since `prepare` looked.
  if (replyQueue !== undefined && ((await consumersOf(model, replyQueue)) ?? 0) > 1) throw inUse(replyQueue);
  return name;
}

/**
 * A second consumer would get answers of the first; a quorum queue allows that even if the first is
 * exclusive.
 */
async function prepare(model: ChannelModel, queue: string): Promise<void> {
  const consumers = await consumersOf(model, queue);
  if (consumers === undefined) await declare(model, queue);
  else if (consumers > 0) throw inUse(queue);
}

function inUse(queue: string): Error {
  return new Error(`the reply queue ${queue} is in use: it has a consumer`);
}

/**
 * `undefined` where there is no such queue. Asks on a channel of its own, which the broker closes
 * then.
 */
async function consumersOf(model: ChannelModel, queue: string): Promise<number | undefined> {
  const channel = await model.createChannel();
  channel.on('error', () => undefined);
  try {
    const { consumerCount } = await channel.checkQueue(queue);
    await channel.close();
    return consumerCount;
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === 404) return undefined;
    throw error;
  }
}

async function declare(model: ChannelModel, queue: string): Promise<void> {
  const channel = await model.createChannel();
  channel.on('error', () => undefined);
  await channel.assertQueue(queue, {
    durable: true,
    arguments: { 'x-queue-type': 'quorum', 'x-expires': EXPIRES_MS },
  });
  await channel.close();
}
