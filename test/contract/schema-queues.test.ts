import { connect, type ChannelModel } from 'amqplib';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { declareTopology } from '../../src/amqp/connection/topology.ts';
import { deadLetterQueueOf, singleQueue } from '../../src/protocol/request-queues.ts';
import { parsedAsyncApi, type AsyncApi } from '../support/asyncapi.ts';
import { freshNames } from '../support/fresh-names.ts';

const { amqpUrl, queue } = freshNames();
let model: ChannelModel;
let api: AsyncApi;

beforeAll(async () => {
  const { document } = await parsedAsyncApi();
  if (document === undefined) throw new Error('the parser gave no document');
  api = document;
  model = await connect(amqpUrl);
  model.on('error', () => undefined);
  await declareTopology(model, singleQueue(queue));
});
afterAll(() => model.close());

/**
 * Declares a queue as the AsyncAPI document describes it; the broker refuses arguments that differ.
 */
async function declare(name: string, channel: 'requests' | 'deadLetters', change: object = {}): Promise<void> {
  const { queue: described, 'x-arguments': own = {} } = api.channels[channel].bindings.amqp;
  const renamed = Object.entries(own).map(([key, value]) => [
    key,
    value === api.channels.deadLetters.address ? deadLetterQueueOf(queue) : value,
  ]);
  const broker = await model.createChannel();
  broker.on('error', () => undefined);
  const options = { durable: described?.durable === true, arguments: { ...Object.fromEntries(renamed), ...change } };
  await broker.assertQueue(name, options);
  await broker.close();
}

test('the broker has the queues with exactly the arguments of schema/asyncapi.yaml', async () => {
  await expect(declare(queue, 'requests')).resolves.toBeUndefined();
  await expect(declare(deadLetterQueueOf(queue), 'deadLetters')).resolves.toBeUndefined();
});

test('another argument is refused', async () => {
  await expect(declare(queue, 'requests', { 'x-delivery-limit': 99 })).rejects.toThrow('x-delivery-limit');
});
