import { FaultProducer } from '../load/fault-producer.ts';
import { nestedTables } from '../../test/support/raw-publish.ts';
import { settle } from './destinations.ts';
import type { FaultKind } from './fault.ts';
import { stopGracefully } from './workers.ts';

/** 48 KB: within every limit of the broker, beyond a recursive decoder's stack. */
const NESTED_TABLES = 8_000;
/** Whatever is in the queue, what is behind it is answered within a minute. */
const MINUTE_MS = 60_000;
const UNHURT_MS = 10_000;

/** In the middle of the load, so that it has neighbours of all kinds. */
const undecodable: FaultKind = {
  name: 'message that the client library cannot decode',
  weight: 3,
  short: 'always',
  othersWithinMs: MINUTE_MS,
  async begin(context) {
    const { testbed, journal, load, random } = context;
    const producer = await FaultProducer.enter(testbed.broker, journal);
    const queue = await producer.replyQueue();
    load.allow(200);
    const request = { method: 'unreadable', mode: 'fine', replyTo: queue } as const;
    for (let left = random.between(1, 3); left > 0; left -= 1) {
      await producer.sendRaw(request, nestedTables('nested', NESTED_TABLES));
    }
    return { holdMs: 0, end: () => settle(producer, context) };
  },
};

/** RabbitMQ 4.3 fails to make an AMQP 0-9-1 message of it, and closes the connection of each consumer that it hands it to. */
const undeliverable: FaultKind = {
  name: 'message over which the broker closes the connection (AMQP 1.0 char)',
  weight: 2,
  short: 'never',
  othersWithinMs: MINUTE_MS,
  async begin(context) {
    const { testbed, journal, load } = context;
    const producer = await FaultProducer.enter(testbed.broker, journal);
    const queue = await producer.replyQueue();
    load.allow(200);
    await producer.sendAmqp10({ method: 'unreadable', mode: 'fine', replyTo: queue }, 'grade');
    return { holdMs: 0, end: () => settle(producer, context) };
  },
};

/** AMQP 0-9-1 never lets this reply_to through; a dead letter with it makes the broker close the channel. */
const literalReplyTo: FaultKind = {
  name: 'dead letter that makes the broker close the channel (reply_to amq.rabbitmq.reply-to)',
  weight: 2,
  short: 'never',
  othersWithinMs: UNHURT_MS,
  async begin(context) {
    const { testbed, journal, random } = context;
    const producer = await FaultProducer.enter(testbed.broker, journal);
    const request = { method: 'unanswerable', mode: 'throws', replyTo: 'amq.rabbitmq.reply-to' } as const;
    for (let left = random.between(1, 4); left > 0; left -= 1) await producer.sendAmqp10(request);
    return { holdMs: random.between(15_000, 20_000), end: () => settle(producer, context) };
  },
};

const SMALL_FRAME = 8_192;
/** The request's own headers just fit into a frame; with the diagnosis they do not. */
const HEADER_BYTES = 7_900;

/** One worker has agreed on small frames with the broker, which ends its connection over a larger one (FRAME_ERROR). */
const largerThanFrame: FaultKind = {
  name: 'dead letter whose headers are larger than a frame',
  weight: 2,
  short: 'never',
  othersWithinMs: UNHURT_MS,
  async begin(context) {
    const { testbed, journal, random } = context;
    const worker = random.pick(testbed.workers);
    await stopGracefully(worker, context);
    const url = `${worker.environment['AMQP_URL'] ?? ''}&frameMax=${SMALL_FRAME}`;
    await worker.start({ environment: { AMQP_URL: url } });
    const producer = await FaultProducer.enter(testbed.broker, journal);
    const queue = await producer.replyQueue();
    await producer.listen();
    // Some for each worker, whoever is asked next.
    const count = 4 * testbed.workers.length;
    await producer.send({ method: 'poison', mode: 'throws', replyTo: queue }, count, {
      filler: 'x'.repeat(HEADER_BYTES),
    });
    // It brings its letters in while it has small frames.
    const end = async (): Promise<void> => {
      await settle(producer, context);
      await stopGracefully(worker, context);
      await worker.start();
    };
    return { holdMs: 0, end };
  },
};

export const messageFaults: readonly FaultKind[] = [undecodable, undeliverable, literalReplyTo, largerThanFrame];
