import { waitFor } from '../../infrastructure/progress.ts';
import { deleteQueues } from '../../infrastructure/servers.ts';
import { ackOfUnknownDelivery } from '../../test/support/amqp-frames.ts';
import { channelOf } from '../proxy/amqp.ts';
import { waitForEmptyQueue, QUEUE } from '../infrastructure/testbed.ts';
import type { Failpoint } from '../proxy/fault-proxy.ts';
import type { InspectedConnection } from '../proxy/inspected-connection.ts';
import type { OwnServer } from '../../test/support/servers.ts';
import { INSTANT, type ActiveFault, type FaultContext, type FaultKind } from './fault.ts';
import { triggered } from './moments.ts';
import { serverKilled, serverRestarted } from './servers.ts';

const DATA = '/var/lib/rabbitmq';
const FILLER = `${DATA}/filler`;
/**
 * RabbitMQ 4.3 writes a new quorum queue's name only after half a second; killed before that, it
 * comes back with an empty queue.
 */
const NAME_WRITTEN_MS = 2_000;
/** Shorter than the worker's time limit for a call, which is 5 s. */
const CANCEL_ARRIVES_MS = 700;
const CONSUMING_MS = 20_000;

const frozen: FaultKind = {
  name: 'broker frozen',
  weight: 3,
  async begin({ testbed: { broker }, random }) {
    await broker.pause();
    return { holdMs: random.between(500, 8_000), end: () => broker.resume() };
  },
};

/** What raises a resource alarm of a broker's node, and what clears it. */
const ALARMS = {
  memory: [
    ['set_vm_memory_high_watermark', 'absolute', '1'],
    ['set_vm_memory_high_watermark', '0.6'],
  ],
  disk: [
    ['set_disk_free_limit', '1000GB'],
    ['set_disk_free_limit', '50MB'],
  ],
} as const;

/** Raises the alarm of a node for at most `maxHoldMs`. */
export async function raiseAlarm(
  kind: keyof typeof ALARMS,
  node: Pick<OwnServer, 'exec'>,
  { random }: FaultContext,
  maxHoldMs: number,
): Promise<ActiveFault> {
  const [raise, clear] = ALARMS[kind];
  await node.exec('rabbitmqctl', '-q', ...raise);
  const end = async (): Promise<void> => void (await node.exec('rabbitmqctl', '-q', ...clear));
  return { holdMs: random.between(500, maxHoldMs), end };
}

function alarm(kind: keyof typeof ALARMS): FaultKind {
  return {
    name: `${kind} alarm of the broker (connection.blocked)`,
    weight: 3,
    begin: (context) => raiseAlarm(kind, context.testbed.broker, context, 5_000),
  };
}

/**
 * The disk is really full: the broker cannot write, whatever its alarm says. An operator then frees
 * space and restarts the broker.
 */
const diskFull: FaultKind = {
  name: 'disk of the broker full',
  weight: 1,
  async begin({ testbed: { broker }, random }) {
    await broker.exec('sh', '-c', `cat /dev/zero > ${FILLER} 2> /dev/null; test -s ${FILLER}`);
    const end = async (): Promise<void> => {
      await broker.exec('rm', '-f', FILLER);
      await broker.stop();
      await broker.start();
    };
    return { holdMs: random.between(500, 3_000), end };
  },
};

/**
 * Injects a bad acknowledgement before the worker's own message, so that the broker closes that
 * channel.
 */
function channelClosed(words: string, moment: 'settle' | 'answer'): FaultKind {
  return {
    name: `channel closed by the broker, ${words}`,
    weight: 4,
    async begin(context) {
      const { testbed, random } = context;
      const { broker } = random.pick(testbed.workers);
      const failpoint: Failpoint = {
        moment,
        skip: random.between(0, 60),
        trigger: (message) => Buffer.concat([ackOfUnknownDelivery(channelOf(message)), message]),
      };
      return (await triggered(broker, failpoint, context)) ? INSTANT : undefined;
    },
  };
}

/**
 * Deleting a queue discards its messages, so the producers pause until it is empty and resume at
 * once.
 */
const queueDeleted: FaultKind = {
  name: 'request queue deleted and declared again (consumers cancelled)',
  weight: 3,
  async begin({ testbed: { broker }, load }) {
    await load.pause();
    await waitForEmptyQueue(broker, 30_000);
    await deleteQueues(broker.url, [QUEUE]);
    load.resume();
    load.allow(200);
    return { holdMs: NAME_WRITTEN_MS, end: () => Promise.resolve() };
  },
};

/**
 * As above, at the moment when one worker begins to consume: the consume-ok and the cancel reach it
 * in one piece, so that it reads both in one turn.
 */
const cancelledAtOnce: FaultKind = {
  name: 'consumer cancelled in the moment in which it begins',
  weight: 3,
  short: 'always',
  async begin(context) {
    const { testbed, load, random } = context;
    const { broker: proxy } = random.pick(testbed.workers);
    let consuming: InspectedConnection | undefined;
    const delivery: Failpoint = {
      moment: 'delivery',
      skip: 0,
      trigger: (message, connection) => {
        consuming = connection;
        return message;
      },
    };
    if (!(await triggered(proxy, delivery, context))) return undefined;
    await load.pause();
    await waitForEmptyQueue(testbed.broker, 30_000);
    proxy.arm({
      moment: 'consuming',
      skip: 0,
      trigger: (message, connection) => {
        connection.silence(['down']);
        return message;
      },
    });
    // The connection that publishes stays: while it is down, the worker would not consume on its
    // new channel.
    consuming?.reset();
    await waitFor('a worker that begins to consume', CONSUMING_MS, () =>
      Promise.resolve(proxy.armed ? undefined : true),
    );
    await deleteQueues(testbed.broker.url, [QUEUE]);
    load.resume();
    load.allow(200);
    const end = async (): Promise<void> => {
      proxy.restore();
      await new Promise((resolve) => setTimeout(resolve, NAME_WRITTEN_MS));
    };
    return { holdMs: CANCEL_ARRIVES_MS, end };
  },
};

export const brokerFaults: readonly FaultKind[] = [
  serverRestarted('broker', 3),
  serverKilled('broker', 4, 2_000),
  frozen,
  alarm('memory'),
  alarm('disk'),
  diskFull,
  channelClosed('consuming', 'settle'),
  channelClosed('publishing', 'answer'),
  queueDeleted,
  cancelledAtOnce,
];
