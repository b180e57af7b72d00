import {
  numberedQueue,
  requestQueuesOf,
  type RequestQueue,
  type RequestQueues,
} from '../../protocol/request-queues.ts';
import type { BrokerInspection, QueueState } from '../inspection.ts';
import { reasonOf } from '../session.ts';
import { failed, ok, skipped, type Finding } from './finding.ts';

/** AMQP's reply code for a missing right. */
const ACCESS_REFUSED = 403;

/** Checks the request queues and their dead-letter queue. Returns whether all request queues exist. */
export async function* queueChecks(broker: BrokerInspection, queues: RequestQueues): AsyncGenerator<Finding, boolean> {
  let areThere = true;
  for (const [index, queue] of requestQueuesOf(queues).entries()) {
    areThere = (yield* oneQueueChecks(broker, queue, index === 0)) && areThere;
  }
  yield* numberCheck(broker, queues);
  return areThere;
}

async function* oneQueueChecks(
  broker: BrokerInspection,
  requestQueue: RequestQueue,
  isFirst: boolean,
): AsyncGenerator<Finding, boolean> {
  const { queue, deadLetterQueue: dead } = requestQueue;
  let state: QueueState | undefined;
  let deadState: QueueState | undefined;
  try {
    state = await broker.queue(queue);
    deadState = await broker.queue(dead);
  } catch (error) {
    yield failed('queue', reasonOf(error), `grant the user the right to read and write ${queue}`);
    return false;
  }
  if (state === undefined) {
    const remedy = 'start a worker, which declares it; or check REQUEST_QUEUE and the virtual host';
    yield failed('queue', `${queue} does not exist`, remedy);
    return false;
  }
  yield ok('queue', `${queue} exists, ${state.messages} waiting`);
  yield await argumentsCheck(broker, requestQueue, deadState !== undefined);
  if (isFirst && deadState !== undefined && deadState.messages > 0) {
    const remedy = 'contacts dead-letters list shows them';
    yield { check: 'dead letters', state: 'ok', words: `${deadState.messages} in ${dead}`, remedy };
  }
  if (state.consumers === 0)
    yield failed('consumers', `nobody consumes ${queue}`, 'start a worker, or look at its log');
  else yield ok('consumers', `${state.consumers}`);
  return true;
}

async function argumentsCheck(broker: BrokerInspection, queue: RequestQueue, hasDead: boolean): Promise<Finding> {
  if (!hasDead)
    return failed('arguments', `${queue.deadLetterQueue} does not exist`, 'start a worker, which declares it');
  try {
    const difference = await broker.difference(queue);
    if (difference === undefined) return ok('arguments', 'as the worker declares them');
    return failed('arguments', difference, 'docs/queue-arguments.md says more');
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (Reflect.get(error, 'code') !== ACCESS_REFUSED) return failed('arguments', reasonOf(error), 'try again');
    return skipped('arguments', 'the user may not configure queues; only a worker has to');
  }
}

/** Requests in the queues of another REQUEST_QUEUES wait for ever. Says nothing where there are none. */
async function* numberCheck(broker: BrokerInspection, { name, count }: RequestQueues): AsyncGenerator<Finding> {
  const others = count === 1 ? [numberedQueue(name, 0)] : [name, numberedQueue(name, count)];
  for (const queue of others) {
    let state: QueueState | undefined;
    try {
      state = await broker.queue(queue);
    } catch {
      // Other checks report what the broker refuses.
    }
    if (state === undefined) continue;
    const words = `${queue} exists, ${state.messages} waiting, but REQUEST_QUEUES is ${count}`;
    yield failed('number of queues', words, 'docs/operations/resharding.md has the procedure');
  }
}
