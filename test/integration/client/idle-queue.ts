import { connect, type Channel, type ConsumeMessage } from 'amqplib';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';

import { freshNames, type FreshNames } from '../../support/fresh-names.ts';

/** A request queue that nobody consumes but the test, which answers by itself. */
export interface IdleQueue {
  readonly names: FreshNames;
  readonly queue: string;
  /** There from the first test on. */
  readonly channel: Channel;
  /** The next request. */
  readonly request: () => Promise<ConsumeMessage>;
  readonly answer: (request: ConsumeMessage, body?: string, headers?: Readonly<Record<string, unknown>>) => void;
}

export function idleQueue(): IdleQueue {
  const names = freshNames();
  const queue = `${names.queue}.idle`;
  let close: () => Promise<void>;
  const idle: { -readonly [Name in keyof IdleQueue]: IdleQueue[Name] } = {
    names,
    queue,
    channel: undefined as unknown as Channel,
    request: async () => {
      let message: unknown = false;
      await expect.poll(async () => (message = await idle.channel.get(queue, { noAck: true }))).not.toBe(false);
      return message as ConsumeMessage;
    },
    answer: ({ properties }, body = '<response status="ok"/>', headers = { status: 'ok' }) => {
      const { replyTo, correlationId } = properties as { replyTo: string; correlationId: string };
      idle.channel.sendToQueue(replyTo, Buffer.from(body), { correlationId, headers });
    },
  };
  beforeAll(async () => {
    const model = await connect(names.amqpUrl);
    close = () => model.close();
    idle.channel = await model.createChannel();
    await idle.channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  });
  afterEach(async () => {
    await idle.channel.purgeQueue(queue);
  });
  afterAll(async () => {
    await idle.channel.deleteQueue(queue);
    await close();
  });
  return idle;
}
