import { randomUUID } from 'node:crypto';

import type { Channel, ConsumeMessage, Message } from 'amqplib';

import { pause } from '../../time/retry.ts';

/** How long no letter may come before the queue is asked whether it has any left, in milliseconds. */
const QUIET_MS = 500;

/**
 * Takes up to `want` letters and leaves them unacknowledged; gives their number, which is smaller where `exhausted` said
 * that no more are ready. Through a consumer of their own, as that keeps their order: what is taken with `get` comes
 * back in any order. Rejects with what `take` throws.
 */
export async function readPage(
  channel: Channel,
  queue: string,
  want: number,
  take: (message: ConsumeMessage) => void,
  exhausted: () => Promise<boolean>,
): Promise<number> {
  // A consumer is handed no more than its prefetch without an acknowledgement: exactly the page.
  await channel.prefetch(want);
  const consumerTag = `page-${randomUUID()}`;
  let count = 0;
  let watch: NodeJS.Timeout | undefined;
  const complete = new Promise<void>((resolve, reject) => {
    const receive = (message: ConsumeMessage | null): void => {
      if (message === null) return reject(new Error(`the queue ${queue} was deleted`));
      count += 1;
      try {
        take(message);
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

/** Calls `inspect` every `everyMs` milliseconds until `isDone` accepts its result, or `signal` is aborted. Returns the last result. */
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

/** What acknowledging looks at of a message, so that its body need not be kept for that. */
export function messageWithTag(deliveryTag: number): Message {
  return { fields: { deliveryTag } } as unknown as Message;
}
