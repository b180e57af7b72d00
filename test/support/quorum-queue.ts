import type { OwnServer } from './servers.ts';

/**
 * Takes the majority from quorum queues of a single node, for good: a second member is added that does not exist.
 * What the queues have confirmed stays; nothing more is.
 */
export async function loseMajority(broker: OwnServer, ...queues: readonly string[]): Promise<void> {
  await broker.exec(
    'rabbitmqctl',
    'eval',
    `[{ok, _, _} = ra:add_member({M, node()}, {M, 'rabbit@gone'}, 5000) || M <- [${processes(queues)}]], ok.`,
  );
}

/** Stops the processes of the queues' leaders: messages get to them and are not confirmed, until `resumeQueue`. */
export async function suspendQueue(broker: OwnServer, ...queues: readonly string[]): Promise<void> {
  await broker.exec('rabbitmqctl', 'eval', `[sys:suspend(whereis(Q)) || Q <- [${processes(queues)}]], ok.`);
}

export async function resumeQueue(broker: OwnServer, ...queues: readonly string[]): Promise<void> {
  await broker.exec('rabbitmqctl', 'eval', `[sys:resume(whereis(Q)) || Q <- [${processes(queues)}]], ok.`);
}

function processes(queues: readonly string[]): string {
  return queues.map((queue) => `'%2F_${queue}'`).join(', ');
}

/** From now on the broker refuses larger messages on channels that are opened anew. */
export async function limitMessageSize(broker: OwnServer, bytes: number): Promise<void> {
  await broker.exec('rabbitmqctl', 'eval', `persistent_term:put(max_message_size, ${bytes}).`);
}
