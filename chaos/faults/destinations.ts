import { LARGE_ANSWER_BYTES } from '../poison.ts';
import { FaultProducer } from '../load/fault-producer.ts';
import { limitMessageSize, resumeQueue, suspendQueue } from '../../test/support/quorum-queue.ts';
import { QUEUE } from '../infrastructure/testbed.ts';
import type { FaultKind, ActiveFault, FaultContext } from './fault.ts';

/** Beyond the worker's patience with a confirm, which is 30 s. */
const PAST_CONFIRM_MS = 42_000;
/** Ends within the time that a fault's end may take. */
const SETTLED_WITHIN_MS = 80_000;
const UNHURT_MS = 10_000;
/** So many requests one after the other are answered sooner; prefetched by one client alone they are not. */
const CROWDED_MS = 5_000;
const WARM_UP_MS = 20_000;

/** Waits until each of an producer's requests has come to the end that it must come to. */
export async function settle(producer: FaultProducer, { reportProblem }: FaultContext): Promise<void> {
  try {
    const left = await producer.settled(SETTLED_WITHIN_MS);
    if (left > 0) reportProblem(`${left} requests came to no end within ${SETTLED_WITHIN_MS / 1000} s`);
  } finally {
    await producer.leave();
  }
}

/** The trouble lasts so long, is undone, and then what outsiders asked comes to its end. */
function untilSettled(
  producer: FaultProducer,
  holdMs: number,
  context: FaultContext,
  undo: () => Promise<unknown>,
): ActiveFault {
  const end = async (): Promise<void> => {
    await undo();
    await settle(producer, context);
  };
  return { holdMs, end };
}

/** `known`: the workers' channels have published to the queue before; one that has not is held up altogether by the broker, for 65 s. */
function confirmsNothing(words: string, known: boolean): FaultKind {
  return {
    name: `reply queue that confirms nothing, ${words}`,
    weight: 2,
    short: 'never',
    othersWithinMs: UNHURT_MS,
    async begin(context) {
      const { testbed, journal, random } = context;
      const { broker } = testbed;
      const producer = await FaultProducer.enter(broker, journal);
      const queue = await producer.replyQueue();
      const request = { method: 'unanswerable', mode: 'fine', replyTo: queue } as const;
      if (known) {
        // Some for each worker.
        await producer.send(request, 20 * testbed.workers.length);
        await producer.settled(WARM_UP_MS);
      }
      // As one that lost its majority: it takes all and confirms nothing.
      await suspendQueue(broker, queue);
      await producer.send(request, random.between(1, 60));
      return untilSettled(producer, PAST_CONFIRM_MS, context, () => resumeQueue(broker, queue));
    },
  };
}

/** Of another client, who asks and asks and never reads: the queue refuses what does not fit. */
const full: FaultKind = {
  name: 'reply queue that is full, of a client with many requests',
  weight: 2,
  short: 'never',
  othersWithinMs: CROWDED_MS,
  async begin(context) {
    const { testbed, journal, random } = context;
    const producer = await FaultProducer.enter(testbed.broker, journal);
    const type = random.pick(['quorum', 'classic']);
    const limits = { 'x-queue-type': type, 'x-max-length': 1, 'x-overflow': 'reject-publish' };
    const queue = await producer.replyQueue(limits);
    // More than all workers together hold.
    const count = random.between(2_000, 3_000);
    await producer.send({ method: 'unanswerable', mode: 'fine', replyTo: queue }, count);
    return untilSettled(producer, random.between(5_000, 15_000), context, () => Promise.resolve());
  },
};

const DEFAULT_MESSAGE_BYTES = 16_777_216;

/** The broker refuses an answer of that length by closing the channel. The setting is global; no other message is as large. */
const tooLarge: FaultKind = {
  name: 'answer that is too large for the broker (channel closed)',
  weight: 3,
  short: 'never',
  othersWithinMs: UNHURT_MS,
  async begin(context) {
    const { testbed, journal, random } = context;
    const { broker } = testbed;
    const producer = await FaultProducer.enter(broker, journal);
    const queue = await producer.replyQueue();
    await limitMessageSize(broker, LARGE_ANSWER_BYTES / 2);
    await producer.send({ method: 'unanswerable', mode: 'large', replyTo: queue }, random.between(1, 6));
    return untilSettled(producer, random.between(15_000, 20_000), context, () =>
      limitMessageSize(broker, DEFAULT_MESSAGE_BYTES),
    );
  },
};

const POLICY = 'chaos-full';

/** The dead-letter queue takes no more for a time. Its letters wait; nothing is answered again, and nobody else waits with them. */
const deadLettersFull: FaultKind = {
  name: 'dead-letter queue full',
  weight: 2,
  short: 'never',
  othersWithinMs: UNHURT_MS,
  async begin(context) {
    const { testbed, journal, random } = context;
    const { broker } = testbed;
    const producer = await FaultProducer.enter(broker, journal);
    const queue = await producer.replyQueue();
    await producer.listen();
    const pattern = `^${QUEUE}.dead$`.replaceAll('.', String.raw`\.`);
    const definition = JSON.stringify({ 'max-length': 0, overflow: 'reject-publish' });
    await broker.exec('rabbitmqctl', '-q', 'set_policy', '--apply-to', 'queues', POLICY, pattern, definition);
    await producer.send({ method: 'poison', mode: 'throws', replyTo: queue }, random.between(1, 20));
    const clear = async (): Promise<void> => {
      if (producer.maxAnswers > 1) {
        context.reportProblem(
          `a request was answered ${producer.maxAnswers} times while the dead-letter queue was full`,
        );
      }
      await broker.exec('rabbitmqctl', '-q', 'clear_policy', POLICY);
    };
    return untilSettled(producer, random.between(8_000, 15_000), context, clear);
  },
};

export const destinationFaults: readonly FaultKind[] = [
  confirmsNothing('known to the workers', true),
  confirmsNothing('new to the workers', false),
  full,
  tooLarge,
  deadLettersFull,
];
