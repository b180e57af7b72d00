import type { OwnServer } from './servers.ts';

/**
 * Takes the majority from quorum queues of a single node, for good: a second member is added that does not exist.
 * What the queues have confirmed stays; nothing more is.
 */
export async function loseMajority(broker: OwnServer, ...queues: readonly string[]): Promise<void> {
  const members = queues.map((queue) => `'%2F_${queue}'`).join(', ');
  await broker.exec(
    'rabbitmqctl',
    'eval',
    `[{ok, _, _} = ra:add_member({M, node()}, {M, 'rabbit@gone'}, 5000) || M <- [${members}]], ok.`,
  );
}

/** Stops the process of a queue's leader: messages get to it and are not confirmed, until `resumeQueue`. */
export async function suspendQueue(broker: OwnServer, queue: string): Promise<void> {
  await broker.exec('rabbitmqctl', 'eval', `sys:suspend(whereis('%2F_${queue}')).`);
}

export async function resumeQueue(broker: OwnServer, queue: string): Promise<void> {
  await broker.exec('rabbitmqctl', 'eval', `sys:resume(whereis('%2F_${queue}')).`);
}

/** From now on the broker refuses larger messages on channels that are opened anew. */
export async function limitMessageSize(broker: OwnServer, bytes: number): Promise<void> {
  await broker.exec('rabbitmqctl', 'eval', `persistent_term:put(max_message_size, ${bytes}).`);
}
