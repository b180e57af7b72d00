import { randomUUID } from 'node:crypto';
import { connect, type ConsumeMessage } from 'amqplib';
import { UserFacingError } from '../../infrastructure/progress.ts';

const ANSWER_LIMIT_MS = 15_000;

export interface Sent {
  readonly xml: string;
  /** The idempotency key. */
  readonly messageId: string;
}

export interface Received {
  readonly xml: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly ms: number;
}

/** Sends a request and waits for its answer on a reply queue of its own, like any client. */
export interface Producer {
  request(sent: Sent): Promise<Received>;
  close(): Promise<void>;
}

/** Connects the demo's producer. */
export async function openProducer(amqpUrl: string, requestQueue: string): Promise<Producer> {
  const connection = await connect(amqpUrl, { timeout: 10_000 });
  connection.on('error', () => undefined);
  const channel = await connection.createChannel();
  channel.on('error', () => undefined);
  const { queue } = await channel.assertQueue('', { exclusive: true });
  const waiting = new Map<unknown, (message: ConsumeMessage) => void>();
  const receive = (message: ConsumeMessage | null): void => {
    if (message !== null) waiting.get(message.properties.correlationId)?.(message);
  };
  await channel.consume(queue, receive, { noAck: true });
  return {
    request: async ({ xml, messageId }) => {
      const correlationId = randomUUID();
      const from = performance.now();
      const message = await new Promise<ConsumeMessage>((resolve, reject) => {
        const late = new UserFacingError(`No answer came within ${ANSWER_LIMIT_MS / 1000} s.`);
        const timer = setTimeout(() => reject(late), ANSWER_LIMIT_MS);
        waiting.set(correlationId, (answer) => {
          clearTimeout(timer);
          waiting.delete(correlationId);
          resolve(answer);
        });
        const properties = { persistent: true, contentType: 'application/xml', appId: 'demo' };
        channel.sendToQueue(requestQueue, Buffer.from(xml), {
          ...properties,
          messageId,
          correlationId,
          replyTo: queue,
        });
      });
      const headers = message.properties.headers ?? {};
      return { xml: message.content.toString(), headers, ms: performance.now() - from };
    },
    close: () => connection.close(),
  };
}
