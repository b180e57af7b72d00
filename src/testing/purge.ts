import { connect } from 'amqplib';

import { deadLetterQueueOf } from '../protocol/request-queues.ts';

const CONNECT_LIMIT_MS = 10_000;

/** Removes what waits in a request queue and in its dead-letter queue. */
export async function purgeQueues(url: string, requestQueue: string): Promise<void> {
  const connection = await connect(url, { timeout: CONNECT_LIMIT_MS });
  connection.on('error', () => undefined);
  try {
    const channel = await connection.createChannel();
    channel.on('error', () => undefined);
    for (const queue of [requestQueue, deadLetterQueueOf(requestQueue)]) await channel.purgeQueue(queue);
  } finally {
    await connection.close();
  }
}
