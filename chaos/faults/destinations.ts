import { limitMessageSize, resumeQueue, suspendQueue } from '../../test/support/quorum-queue.ts';
import { QUEUE } from '../infrastructure/testbed.ts';
import { LARGE_ANSWER_BYTES } from '../poison.ts';
import type { FaultKind } from './fault.ts';
import { requestFault } from './request-faults.ts';

/** Longer than the worker waits for a confirm, which is 30 s. */
const PAST_CONFIRM_MS = 42_000;
/** The longest wait of requests that the fault does not concern. */
const UNAFFECTED_MS = 10_000;
/** Shorter than the wait behind a worker's whole prefetch of one client's requests. */
const CROWDED_MS = 5_000;
const WARM_UP_MS = 20_000;

/**
 * `known`: the workers' channels have published to the queue before. The broker blocks a channel
 * that has not, and everything that it publishes, for 65 s.
 */
function confirmsNothing(words: string, known: boolean): FaultKind {
  const name = `reply queue that confirms nothing, ${words}`;
  const kind = { name, weight: 2, short: 'never', othersWithinMs: UNAFFECTED_MS } as const;
  return requestFault(kind, async (producer, { testbed: { broker, workers }, random }) => {
    const queue = await producer.replyQueue();
    const request = { method: 'unanswerable', mode: 'fine', replyTo: queue } as const;
    if (known) {
      // Some for each worker.
      await producer.send(request, 20 * workers.length);
      await producer.settled(WARM_UP_MS);
    }
    // Like a queue that lost its majority: it accepts messages and confirms none.
    await suspendQueue(broker, queue);
    await producer.send(request, random.between(1, 60));
    return { holdMs: PAST_CONFIRM_MS, undo: () => resumeQueue(broker, queue) };
  });
}

/**
 * The queue belongs to a client that sends many requests and never reads: it rejects what does not
 * fit.
 */
const full = requestFault(
  {
    name: 'reply queue that is full, of a client with many requests',
    weight: 2,
    short: 'never',
    othersWithinMs: CROWDED_MS,
  },
  async (producer, { random }) => {
    const type = random.pick(['quorum', 'classic']);
    const limits = { 'x-queue-type': type, 'x-max-length': 1, 'x-overflow': 'reject-publish' };
    const queue = await producer.replyQueue(limits);
    // More than all workers together hold.
    const count = random.between(2_000, 3_000);
    await producer.send({ method: 'unanswerable', mode: 'fine', replyTo: queue }, count);
    return { holdMs: random.between(5_000, 15_000) };
  },
);

const DEFAULT_MESSAGE_BYTES = 16_777_216;

/**
 * The broker rejects an answer of that size by closing the channel. The setting is global; no other
 * message is as large.
 */
const tooLarge = requestFault(
  {
    name: 'answer that is too large for the broker (channel closed)',
    weight: 3,
    short: 'never',
    othersWithinMs: UNAFFECTED_MS,
  },
  async (producer, { testbed: { broker }, random }) => {
    const queue = await producer.replyQueue();
    await limitMessageSize(broker, LARGE_ANSWER_BYTES / 2);
    await producer.send({ method: 'unanswerable', mode: 'large', replyTo: queue }, random.between(1, 6));
    return {
      holdMs: random.between(15_000, 20_000),
      undo: () => limitMessageSize(broker, DEFAULT_MESSAGE_BYTES),
    };
  },
);

const POLICY = 'chaos-full';

/**
 * The dead-letter queue rejects messages for a time. The workers keep them; each is answered once,
 * and nobody else waits.
 */
const deadLettersFull = requestFault(
  { name: 'dead-letter queue full', weight: 2, short: 'never', othersWithinMs: UNAFFECTED_MS },
  async (producer, { testbed: { broker }, random, reportProblem }) => {
    const queue = await producer.replyQueue();
    await producer.consumeReplies();
    const pattern = `^${QUEUE}.dead$`.replaceAll('.', String.raw`\.`);
    const definition = JSON.stringify({ 'max-length': 0, overflow: 'reject-publish' });
    await broker.exec('rabbitmqctl', '-q', 'set_policy', '--apply-to', 'queues', POLICY, pattern, definition);
    await producer.send({ method: 'poison', mode: 'throws', replyTo: queue }, random.between(1, 20));
    const undo = async (): Promise<void> => {
      const answers = producer.maxAnswers;
      if (answers > 1) reportProblem(`a request was answered ${answers} times while the dead-letter queue was full`);
      await broker.exec('rabbitmqctl', '-q', 'clear_policy', POLICY);
    };
    return { holdMs: random.between(8_000, 15_000), undo };
  },
);

export const destinationFaults: readonly FaultKind[] = [
  confirmsNothing('known to the workers', true),
  confirmsNothing('new to the workers', false),
  full,
  tooLarge,
  deadLettersFull,
];
