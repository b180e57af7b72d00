// A consumer on Rascal: its broker, a subscription and a confirmed publication. Contacts and XML are
// those of the plain worker.
import { MongoClient } from 'mongodb';
import pino from 'pino';
import rascal from 'rascal';

import { answerTo } from '../plain-answers.ts';
import { CLIENT_OPTIONS, PlainContacts } from '../plain-contacts.ts';
import { readyUntilStopped } from '../readiness.ts';

const { AMQP_URL = '', MONGODB_URL = '', REQUEST_QUEUE = '' } = process.env;
const PREFETCH = 256;
/** A publication has a channel to itself until its confirm; the default of 5 channels is too few. */
const CONFIRM_CHANNELS = 32;

const log = pino(pino.destination({ sync: false }));
const client = new MongoClient(MONGODB_URL, CLIENT_OPTIONS);
const contacts = new PlainContacts(client.db());
await contacts.prepare();

const broker = await rascal.BrokerAsPromised.create(
  rascal.withDefaultConfig({
    vhosts: {
      '/': {
        connection: { url: AMQP_URL, socketOptions: { noDelay: true } },
        publicationChannelPools: { confirmPool: { max: CONFIRM_CHANNELS, min: 1, autostart: true } },
        queues: { [REQUEST_QUEUE]: { options: { durable: true, arguments: { 'x-queue-type': 'quorum' } } } },
      },
    },
    // Persistent, mandatory and confirmed by default.
    publications: { reply: { vhost: '/', exchange: '', options: { contentType: 'application/xml' } } },
    subscriptions: { requests: { vhost: '/', queue: REQUEST_QUEUE, prefetch: PREFETCH } },
  }),
);
broker.on('error', (error) => log.error(error));

async function handle({ properties }, content) {
  const started = performance.now();
  const { replyTo, correlationId } = properties;
  const { body, status } = await answerTo(contacts, content);
  const publication = await broker.publish('reply', Buffer.from(body), {
    routingKey: replyTo,
    options: { correlationId, headers: { status } },
  });
  await new Promise((resolve, reject) => {
    publication.on('success', resolve).on('error', reject);
  });
  log.info({ request: correlationId, status, ms: performance.now() - started }, 'request');
}

const subscription = await broker.subscribe('requests');
subscription
  .on('message', (message, content, ackOrNack) => {
    handle(message, content).then(
      () => ackOrNack(),
      (error) => {
        log.error(error);
        ackOrNack(error, { strategy: 'nack', requeue: true });
      },
    );
  })
  .on('error', (error) => log.error(error));
readyUntilStopped(async () => {
  await broker.shutdown();
  await client.close();
});
