// Answers requests with one contact, from memory. Sends a message to its parent once it consumes.
import { connect, type ConsumeMessage } from 'amqplib';

/** One in this many requests gets no answer. */
const UNANSWERED = 10_000;
const BODY = Buffer.from(
  '<?xml version="1.0" encoding="UTF-8"?><response status="ok"><contact><contact_id>1</contact_id>' +
    '<first_name>Jane</first_name><last_name>Doe</last_name><email>jane@example.com</email><phone/>' +
    '<mobile_phone>+44 20 7946 0000</mobile_phone></contact></response>',
);

const { AMQP_URL: url = '', REQUEST_QUEUE: queue = '' } = process.env;
const model = await connect(url);
const channel = await model.createChannel();
// Removed with its consumer.
await channel.assertQueue(queue, { durable: false, autoDelete: true });
let count = 0;
const answer = (message: ConsumeMessage | null): void => {
  if (message === null) return;
  count += 1;
  const { replyTo, correlationId } = message.properties as { replyTo: string; correlationId: string };
  if (count % UNANSWERED === 0) return;
  channel.publish('', replyTo, BODY, { correlationId, headers: { status: 'ok' } });
};
await channel.consume(queue, answer, { noAck: true });
process.send?.('consumes');
process.once('disconnect', () => process.exit());
