// The limit of the broker: consumes each request, publishes a confirmed answer of the worker's
// size, acknowledges.
import { connect } from 'amqplib';

import { readyUntilStopped, type Properties } from './readiness.ts';

const { AMQP_URL = '', REQUEST_QUEUE = '', ANSWER_SIZES = '' } = process.env;
const PREFETCH = 256;

const answers = new Map<string, Buffer>();
for (const [method, size] of Object.entries(JSON.parse(ANSWER_SIZES || '{}') as Record<string, number>)) {
  answers.set(method, Buffer.alloc(size, 'x'));
}

const consuming = await connect(AMQP_URL, { noDelay: true });
const publishing = await connect(AMQP_URL, { noDelay: true });
const requests = await consuming.createChannel();
const replies = await publishing.createConfirmChannel();
await requests.assertQueue(REQUEST_QUEUE, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
await requests.prefetch(PREFETCH);
await requests.consume(REQUEST_QUEUE, (message) => {
  if (message === null) throw new Error('the consumer was cancelled');
  const { replyTo, correlationId, type } = message.properties as Properties;
  const options = { persistent: true, mandatory: true, correlationId, headers: { status: 'ok' } };
  replies.publish('', replyTo, answers.get(type)!, options, (error: unknown) => {
    if (error !== null) throw error as Error;
    requests.ack(message);
  });
});
readyUntilStopped(async () => {
  await consuming.close();
  await publishing.close();
});
