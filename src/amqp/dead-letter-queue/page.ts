import { randomUUID } from 'node:crypto';

import type { Channel, ConsumeMessage, Message } from 'amqplib';

import { pause } from '../../time/retry.ts';

/** After this time without a letter the queue is asked whether any is left. */
const QUIET_MS = 500;

/**
 * Consumes up to `want` letters and leaves them unacknowledged. Returns their number, which is
 * smaller where `exhausted` reports that no more are ready. Uses its own consumer, because that
 * keeps the order: letters that are fetched with `get` are requeued out of order. Rejects with any
 * error that `onMessage` throws.
 */
export async function readPage(
  channel: Channel,
  queue: string,
  want: number,
  onMessage: (message: ConsumeMessage) => void,
  exhausted: () => Promise<boolean>,
): Promise<number> {
  // The broker delivers as many unacknowledged letters as the prefetch count: exactly one page.
  await channel.prefetch(want);
  const consumerTag = `page-${randomUUID()}`;
  let count = 0;
  let watch: NodeJS.Timeout | undefined;
  const complete = new Promise<void>((resolve, reject) => {
    const receive = (message: ConsumeMessage | null): void => {
      if (message === null) return reject(new Error(`the queue ${queue} was deleted`));
      count += 1;
      try {
        onMessage(message);
      } catch (error) {
        return reject(error instanceof Error ? error : new Error(String(error)));
      }
      if (count === want) resolve();
    };
    let countBefore = 0;
    watch = setInterval(() => {
      const isQuiet = countBefore === count;
      countBefore = count;
      if (isQuiet) exhausted().then((over) => over && countBefore === count && resolve(), reject);
    }, QUIET_MS);
    channel.consume(queue, receive, { consumerTag }).catch(reject);
  });
  try {
    await complete;
  } finally {
    clearInterval(watch);
  }
  await channel.cancel(consumerTag);
  return count;
}

/**
 * Calls `inspect` every `everyMs` milliseconds until `isDone` accepts its result or `signal` is
 * aborted. Returns the last result.
 */
export async function pollUntil<T>(
  inspect: () => Promise<T>,
  isDone: (result: T) => boolean,
  everyMs: number,
  signal: AbortSignal,
): Promise<T> {
  for (;;) {
    const result = await inspect();
    if (isDone(result) || signal.aborted) return result;
    await pause(everyMs, signal);
  }
}

/**
 * The part of a message that amqplib reads to acknowledge it, so that its body need not be kept.
 */
export function messageWithTag(deliveryTag: number): Message {
  return { fields: { deliveryTag } } as unknown as Message;
}
