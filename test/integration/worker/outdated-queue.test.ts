import { connect } from 'amqplib';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { withDatabase } from '../../../infrastructure/addresses.ts';
import { dropDatabase } from '../../../infrastructure/servers.ts';
import { amqp10, publishAmqp10 } from '../../support/amqp10-publish.ts';
import { createRequest, jane } from '../../support/documents.ts';
import { POLLING } from '../../support/polling.ts';
import { Requester } from '../../support/requester.ts';
import { startBroker, type OwnServer } from '../../support/servers.ts';
import { startWorker } from '../../support/worker.ts';

// The procedure of docs/queue-arguments.md. The test sets a policy, so it has its own broker.
let broker: OwnServer;
const mongodbUrl = withDatabase(inject('mongodbUrl'), `test_outdated_${process.pid}`);
const queue = 'contacts.requests';

beforeAll(async () => {
  broker = await startBroker();
}, 180_000);

afterAll(async () => {
  await broker.remove();
  await dropDatabase(mongodbUrl);
});

test('a queue of an earlier build gets its delivery limit by a policy and keeps its requests', async () => {
  const model = await connect(broker.url);
  const channel = await model.createChannel();
  await channel.assertQueue(queue, {
    durable: true,
    arguments: {
      'x-queue-type': 'quorum',
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': `${queue}.dead`,
      'x-dead-letter-strategy': 'at-least-once',
      'x-overflow': 'reject-publish',
      'x-delivery-limit': -1,
    },
  });
  const requester = await Requester.open(broker.url, queue);
  const before = Array.from({ length: 20 }, () => requester.request(createRequest(jane)));
  await publishAmqp10(broker.url, queue, { body: Buffer.from('x'), applicationProperties: { p: amqp10.char('x') } });
  const behind = Array.from({ length: 20 }, () => requester.request(createRequest(jane)));

  const worker = await startWorker({ amqpUrl: broker.url, mongodbUrl, queue, database: '' });
  await expect.poll(() => worker.logText(), POLLING).toContain('the queue has no delivery limit');
  const policy = ['contacts-requests', '^contacts[.]requests$', '{"delivery-limit":100}'];
  await broker.exec('rabbitmqctl', 'set_policy', '--apply-to', 'quorum_queues', ...policy);
  const answers = await Promise.all([...before, ...behind]);
  expect(new Set(answers.map(({ properties }) => String(properties.headers?.['status'])))).toEqual(new Set(['ok']));
  await expect
    .poll(async () => (await channel.checkQueue(`${queue}.dead`)).messageCount, { timeout: 60_000, interval: 100 })
    .toBe(1);
  await worker.stop();
  await requester.close();
  await model.close();
}, 120_000);
