import type { OwnServer } from './servers.ts';

/**
 * Takes the majority from quorum queues of a single node, permanently: adds a second member that
 * does not exist. The queues keep what they have confirmed and confirm nothing more.
 */
export async function loseMajority(broker: OwnServer, ...queues: readonly string[]): Promise<void> {
  await broker.exec(
    'rabbitmqctl',
    'eval',
    `[{ok, _, _} = ra:add_member({M, node()}, {M, 'rabbit@gone'}, 5000) || M <- [${processes(queues)}]], ok.`,
  );
}

/**
 * Suspends the processes of the queues' leaders: until `resumeQueue`, messages reach them and are
 * not confirmed.
 */
export async function suspendQueue(broker: OwnServer, ...queues: readonly string[]): Promise<void> {
  await broker.exec('rabbitmqctl', 'eval', `[sys:suspend(whereis(Q)) || Q <- [${processes(queues)}]], ok.`);
}

export async function resumeQueue(broker: OwnServer, ...queues: readonly string[]): Promise<void> {
  await broker.exec('rabbitmqctl', 'eval', `[sys:resume(whereis(Q)) || Q <- [${processes(queues)}]], ok.`);
}

function processes(queues: readonly string[]): string {
  return queues.map((queue) => `'%2F_${queue}'`).join(', ');
}

/** Makes the broker reject larger messages on channels that open from now on. */
export async function limitMessageSize(broker: OwnServer, bytes: number): Promise<void> {
  await broker.exec('rabbitmqctl', 'eval', `persistent_term:put(max_message_size, ${bytes}).`);
}
