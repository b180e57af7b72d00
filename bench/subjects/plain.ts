// A straightforward worker on the same libraries, written well: prefetch, indexes, validation, a
// confirmed answer before the acknowledgement, one log line per request. It runs one database
// operation for each request.
import { connect, type ConsumeMessage } from 'amqplib';
import { MongoClient } from 'mongodb';
import pino from 'pino';

import { readyUntilStopped, type Properties } from './readiness.ts';
import { answerTo } from './plain-answers.ts';
import { CLIENT_OPTIONS, PlainContacts } from './plain-contacts.ts';

const { AMQP_URL = '', MONGODB_URL = '', REQUEST_QUEUE = '' } = process.env;
const PREFETCH = 256;

const log = pino(pino.destination({ sync: false }));
const client = new MongoClient(MONGODB_URL, CLIENT_OPTIONS);
const contacts = new PlainContacts(client.db());
await contacts.prepare();

const consuming = await connect(AMQP_URL, { noDelay: true });
const publishing = await connect(AMQP_URL, { noDelay: true });
const requests = await consuming.createChannel();
const replies = await publishing.createConfirmChannel();

async function handle(message: ConsumeMessage): Promise<void> {
  const started = performance.now();
  const { replyTo, correlationId } = message.properties as Properties;
  const { body, status } = await answerTo(contacts, message.content);
  const options = {
    persistent: true,
    mandatory: true,
    contentType: 'application/xml',
    correlationId,
    headers: { status },
  };
  await new Promise<void>((resolve, reject) => {
    replies.publish('', replyTo, Buffer.from(body), options, (error: unknown) => {
      if (error instanceof Error) reject(error);
      else resolve();
    });
  });
  requests.ack(message);
  log.info({ request: correlationId, status, ms: performance.now() - started }, 'request');
}

await requests.assertQueue(REQUEST_QUEUE, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
await requests.prefetch(PREFETCH);
await requests.consume(REQUEST_QUEUE, (message) => {
  if (message === null) throw new Error('the consumer was cancelled');
  handle(message).catch((error: unknown) => {
    log.error(error);
    requests.nack(message);
  });
});
readyUntilStopped(async () => {
  await consuming.close();
  await publishing.close();
  await client.close();
});
