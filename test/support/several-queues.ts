import { connect } from 'amqplib';
import { afterAll } from 'vitest';

import { hashExchangeOf, requestQueuesOf, rosterOf } from '../../src/protocol/request-queues.ts';
import { freshNames, type FreshNames } from './fresh-names.ts';

/** Names for several queues, which are removed after the suite; at most 16 of them. */
export function freshQueues(): FreshNames {
  const names = freshNames();
  afterAll(() => removeQueues(names.amqpUrl, names.queue));
  return names;
}

async function removeQueues(amqpUrl: string, name: string): Promise<void> {
  const model = await connect(amqpUrl);
  model.on('error', () => undefined);
  const channel = await model.createChannel();
  const queues = requestQueuesOf({ name, count: 16 }).map(({ queue }) => queue);
  for (const queue of [...queues, rosterOf(name)]) await channel.deleteQueue(queue);
  for (const exchange of [name, hashExchangeOf(name)]) await channel.deleteExchange(exchange);
  await model.close();
}
