import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { connect } from 'amqplib';
import { expect, onTestFinished, test } from 'vitest';

import { MAX_SUSPECTS } from '../../../src/dispatch/circuit-breaker.ts';
import { createRequest, jane } from '../../support/documents.ts';
import { freshQueues } from '../../support/several-queues.ts';
import { startWorker } from '../../support/worker.ts';

const REQUESTS = 60;
const HELD = 'every write of a method fails alike';
const names = freshQueues();

test('creates that all fail alike stay with their worker: none is passed on, and fails elsewhere', async () => {
  const worker = await startWorker(names, { REQUEST_QUEUES: '2', PREFETCH: '32' });
  onTestFinished(async () => void (await worker.stop()));
  const client = new MongoClient(names.mongodbUrl);
  onTestFinished(() => client.close());
  const validate = (validator: object): Promise<unknown> => client.db().command({ collMod: 'contacts', validator });
  await validate({ vat_number: { $exists: true } });
  const model = await connect(names.amqpUrl);
  onTestFinished(() => model.close());
  const channel = await model.createChannel();
  for (let sent = 0; sent < REQUESTS; sent += 1) {
    const document = createRequest({ ...jane, last_name: `N${sent}` });
    channel.publish(names.queue, String(sent), Buffer.from(document), { messageId: randomUUID() });
  }
  const pauses = async (): Promise<number> => {
    const lines = await worker.logLines();
    return lines.filter(({ msg, reason }) => msg === 'consumption paused' && reason === HELD).length;
  };
  await expect.poll(pauses).toBeGreaterThan(1);
  expect(await worker.logText()).not.toContain('a queue is handed over');
  const letters = async (): Promise<number> => (await channel.checkQueue(`${names.queue}.dead`)).messageCount;
  expect(await letters()).toBeLessThan(MAX_SUSPECTS);
  await validate({});
  await expect
    .poll(async () => (await client.db().collection('contacts').countDocuments()) + (await letters()))
    .toBe(REQUESTS);
  expect(await letters()).toBeLessThan(MAX_SUSPECTS);
});
