import { connect, type Channel } from 'amqplib';
import { expect, onTestFinished, test } from 'vitest';

import { rosterOf } from '../../../src/protocol/request-queues.ts';
import { getRequest } from '../../support/documents.ts';
import { freshQueues } from '../../support/several-queues.ts';
import { startWorker, type TestWorker } from '../../support/worker.ts';

const names = freshQueues();
const roster = rosterOf(names.queue);

async function started(): Promise<TestWorker> {
  const worker = await startWorker(names, { REQUEST_QUEUES: '2' });
  onTestFinished(async () => void (await worker.stop()));
  return worker;
}

async function channel(): Promise<Channel> {
  const model = await connect(names.amqpUrl);
  onTestFinished(() => model.close());
  return model.createChannel();
}

/** The queue, owned by the connection of the channel that comes back: nobody else may use or declare it. */
async function seized(queue: string): Promise<Channel> {
  for (let attempt = 1; ; attempt++) {
    const look = await channel();
    look.on('error', () => undefined);
    await look.deleteQueue(queue);
    try {
      await look.assertQueue(queue, { exclusive: true });
      return look;
    } catch (error) {
      // The worker declares a deleted queue again at once, and was first.
      if (attempt === 20 || (error as { code?: number }).code !== 405) throw error;
    }
  }
}

test('a worker that cannot consume its first queue still counts among the workers', async () => {
  const worker = await started();
  const first = `${names.queue}.0`;
  const look = await seized(first);
  await expect.poll(() => worker.logText()).toContain('RESOURCE_LOCKED');
  await expect.poll(async () => (await look.checkQueue(roster)).consumerCount).toBe(1);
  await look.deleteQueue(first);
  await expect.poll(async () => (await worker.readiness()).ready).toBe(true);
});

test('no answer goes to the queue of the workers, where it would be consumed unseen', async () => {
  await started();
  const look = await channel();
  look.publish(names.queue, '9', Buffer.from(getRequest(9)), { replyTo: roster, messageId: 'to the roster' });
  const letter = async (): Promise<unknown> => (await look.get(`${names.queue}.dead`, { noAck: true })) || undefined;
  await expect.poll(letter).toMatchObject({ properties: { messageId: 'to the roster' } });
});

test('a worker declares the queue of the workers again that somebody deleted', async () => {
  const worker = await started();
  const look = await channel();
  await look.deleteQueue(roster);
  await expect.poll(() => worker.logText()).toContain('a queue is missing');
  await expect.poll(async () => (await worker.readiness()).ready).toBe(true);
  await expect.poll(async () => (await look.checkQueue(roster)).consumerCount).toBe(1);
});
