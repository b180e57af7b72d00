import { nestedTables } from '../../test/support/raw-publish.ts';
import type { FaultKind } from './fault.ts';
import { requestFault } from './request-faults.ts';
import { stopGracefully } from './workers.ts';

/** 48 KB: within every limit of the broker, beyond a recursive decoder's stack. */
const NESTED_TABLES = 8_000;
/** Whatever is at the head of the queue, requests behind it are answered within a minute. */
const MINUTE_MS = 60_000;
/** The longest wait of requests that the fault does not concern. */
const UNAFFECTED_MS = 10_000;

/** Sent in the middle of the load, so that requests of all kinds are next to it. */
const undecodable = requestFault(
  {
    name: 'message that the client library cannot decode',
    weight: 3,
    short: 'always',
    othersWithinMs: MINUTE_MS,
  },
  async (producer, { load, random }) => {
    const queue = await producer.replyQueue();
    load.allow(200);
    const request = { method: 'unreadable', mode: 'fine', replyTo: queue } as const;
    for (let left = random.between(1, 3); left > 0; left -= 1) {
      await producer.sendRaw(request, nestedTables('nested', NESTED_TABLES));
    }
    return { holdMs: 0 };
  },
);

/**
 * RabbitMQ 4.3 fails to convert it to AMQP 0-9-1 and closes the connection of each consumer that it
 * delivers it to.
 */
const undeliverable = requestFault(
  {
    name: 'message over which the broker closes the connection (AMQP 1.0 char)',
    weight: 2,
    short: 'never',
    othersWithinMs: MINUTE_MS,
  },
  async (producer, { load }) => {
    const queue = await producer.replyQueue();
    load.allow(200);
    await producer.sendAmqp10({ method: 'unreadable', mode: 'fine', replyTo: queue }, 'grade');
    return { holdMs: 0 };
  },
);

/**
 * AMQP 0-9-1 never accepts this reply_to; a dead letter that carries it makes the broker close the
 * channel.
 */
const literalReplyTo = requestFault(
  {
    name: 'dead letter that makes the broker close the channel (reply_to amq.rabbitmq.reply-to)',
    weight: 2,
    short: 'never',
    othersWithinMs: UNAFFECTED_MS,
  },
  async (producer, { random }) => {
    const request = { method: 'unanswerable', mode: 'throws', replyTo: 'amq.rabbitmq.reply-to' } as const;
    for (let left = random.between(1, 4); left > 0; left -= 1) await producer.sendAmqp10(request);
    return { holdMs: random.between(15_000, 20_000) };
  },
);

const SMALL_FRAME = 8_192;
/** The request's own headers just fit into a frame; with the diagnosis they do not. */
const HEADER_BYTES = 7_900;

/**
 * One worker has negotiated small frames with the broker, which closes its connection over a larger
 * one (FRAME_ERROR).
 */
const largerThanFrame = requestFault(
  {
    name: 'dead letter whose headers are larger than a frame',
    weight: 2,
    short: 'never',
    othersWithinMs: UNAFFECTED_MS,
  },
  async (producer, context) => {
    const { workers } = context.testbed;
    const worker = context.random.pick(workers);
    await stopGracefully(worker, context);
    const url = `${worker.environment['AMQP_URL'] ?? ''}&frameMax=${SMALL_FRAME}`;
    await worker.start({ environment: { AMQP_URL: url } });
    const queue = await producer.replyQueue();
    await producer.consumeReplies();
    const request = { method: 'poison', mode: 'throws', replyTo: queue } as const;
    // Some for each worker, whichever consumes next.
    await producer.send(request, 4 * workers.length, { filler: 'x'.repeat(HEADER_BYTES) });
    // The worker keeps its small frames until its dead letters are published.
    const afterwards = async (): Promise<void> => {
      await stopGracefully(worker, context);
      await worker.start();
    };
    return { holdMs: 0, afterwards };
  },
);

export const messageFaults: readonly FaultKind[] = [undecodable, undeliverable, literalReplyTo, largerThanFrame];
