import { randomBytes } from 'node:crypto';
import { connect } from 'amqplib';

import { ensureDocker } from '../../infrastructure/docker.ts';
import { attempt, run } from '../../infrastructure/command.ts';
import { waitFor } from '../../infrastructure/progress.ts';
import { within } from '../../src/time/limit.ts';
import { startBroker, startDatabase, type OwnServer } from '../../test/support/servers.ts';
import type { Guard } from '../guards.ts';
import { amqp } from '../proxy/amqp.ts';
import { FaultProxy } from '../proxy/fault-proxy.ts';
import { mongodb } from '../proxy/mongodb.ts';
import { Toxiproxy } from './toxiproxy.ts';
import { WorkerSlot } from './worker-slot.ts';

/** The queue of a run. Broker and database belong to the run, so the names need not be unique. */
export const QUEUE = 'contacts.requests';
export const DATABASE = 'contacts';

/** Small enough to be filled quickly, large enough for the broker's log. */
const DISK = 'size=700m';
/**
 * Short, so that a silent peer is detected within the recovery time. The worker's default is 10.
 */
export const HEARTBEAT_S = 2;
const QUESTION_LIMIT_MS = 5_000;

/** The environment of a run: worker → fault proxy → toxiproxy → server. */
export interface Testbed {
  readonly broker: OwnServer;
  readonly database: OwnServer;
  readonly toxiproxy: Toxiproxy;
  readonly workers: readonly WorkerSlot[];
  /** REQUEST_QUEUES. Default: 1. */
  readonly queues?: number | undefined;
  /** The broker's addresses for the producers. */
  readonly producersUrls: readonly string[];
  remove(): Promise<void>;
}

/** The names of toxiproxy's routes, as faults use them. */
export const PRODUCERS_ROUTE = 'producers';
export function routeOf(server: 'broker' | 'database', worker: number): string {
  return `${server}-${worker}`;
}

export interface TestbedSettings {
  readonly workers: number;
  readonly folder: string;
  readonly removedGuard: Guard | undefined;
  /** REQUEST_QUEUES. Default: 1. */
  readonly queues?: number;
  /** Of a cluster; default: RabbitMQ's own. */
  readonly partitionHandling?: string | undefined;
  /** Arguments of Node for the workers. Default: the suite's own worker. */
  readonly program?: readonly string[];
  /** Further variables of one worker's processes. */
  readonly environmentOf?: (worker: number) => Readonly<Record<string, string>>;
}

/** Starts everything except the load. Pushes each clean-up step to the front of `undo`. */
export async function startTestbed(settings: TestbedSettings, undo: (() => Promise<unknown>)[]): Promise<Testbed> {
  await ensureDocker();
  const volume = `contacts-chaos-${randomBytes(4).toString('hex')}`;
  const disk = ['--driver', 'local', '--opt', 'type=tmpfs', '--opt', 'device=tmpfs', '--opt', `o=${DISK}`];
  await run('docker', ['volume', 'create', ...disk, volume]);
  undo.unshift(() => attempt('docker', ['volume', 'rm', volume], { cleanup: true }));
  // It mounts the volume as well: memory of a volume that no container uses is freed, and a
  // restarted broker must find its data.
  const toxiproxy = await Toxiproxy.start(['-v', `${volume}:/held`]);
  undo.unshift(() => toxiproxy.remove());
  const broker = await startBroker({ dataVolume: volume });
  undo.unshift(() => broker.remove());
  const database = await startDatabase();
  undo.unshift(() => database.remove());
  const producersPort = await toxiproxy.openRoute(PRODUCERS_ROUTE, portOf(broker));
  const workers: WorkerSlot[] = [];
  for (let number = 1; number <= settings.workers; number += 1) {
    const worker = await openSlot(number, { broker, database, toxiproxy }, settings);
    undo.unshift(async () => {
      await worker.close();
      await Promise.all([worker.broker.close(), worker.database.close()]);
    });
    workers.push(worker);
  }
  await Promise.all(workers.map((worker) => worker.start()));
  return {
    broker,
    database,
    toxiproxy,
    workers,
    queues: settings.queues,
    producersUrls: [`amqp://guest:guest@127.0.0.1:${producersPort}`],
    remove: () => cleanUp(undo),
  };
}

/** Takes every clean-up step once, the last one first. */
export async function cleanUp(undo: (() => Promise<unknown>)[]): Promise<void> {
  for (const step of undo.splice(0)) await step();
}

async function openSlot(
  number: number,
  { broker, database, toxiproxy }: Pick<Testbed, 'broker' | 'database' | 'toxiproxy'>,
  { folder, removedGuard, queues, program, environmentOf }: TestbedSettings,
): Promise<WorkerSlot> {
  const brokerRoute = await toxiproxy.openRoute(routeOf('broker', number), portOf(broker));
  const databaseRoute = await toxiproxy.openRoute(routeOf('database', number), portOf(database));
  const brokerProxy = await FaultProxy.open(brokerRoute, amqp);
  const databaseProxy = await FaultProxy.open(databaseRoute, mongodb);
  const environment = {
    AMQP_URL: `amqp://guest:guest@127.0.0.1:${brokerProxy.port}?heartbeat=${HEARTBEAT_S}`,
    MONGODB_URL: `mongodb://127.0.0.1:${databaseProxy.port}/${DATABASE}?directConnection=true`,
    REQUEST_QUEUE: QUEUE,
    ...(queues !== undefined && { REQUEST_QUEUES: String(queues) }),
    HTTP_PORT: '0',
    ...environmentOf?.(number),
  };
  return new WorkerSlot(number, brokerProxy, databaseProxy, { environment, folder, removedGuard, program });
}

export function portOf(server: OwnServer): number {
  return Number(new URL(server.url).port);
}

/** The request queue, or one of several. */
const REQUEST_QUEUE = new RegExp(`^${QUEUE.replaceAll('.', String.raw`\.`)}([.][0-9]+)?\t([0-9]+)$`);

/** Returns the number of messages in the request queues, unacknowledged ones included. */
export async function queueDepth(broker: Pick<OwnServer, 'exec'>): Promise<number> {
  const table = await broker.exec('rabbitmqctl', '-q', 'list_queues', 'name', 'messages', '--no-table-headers');
  return table.split('\n').reduce((sum, line) => sum + Number(REQUEST_QUEUE.exec(line)?.[2] ?? 0), 0);
}

/** Waits until the request queue is empty, unacknowledged messages included. */
export async function waitForEmptyQueue(broker: Pick<OwnServer, 'exec'>, limitMs: number): Promise<void> {
  await waitFor('an empty request queue', limitMs, async () => ((await queueDepth(broker)) === 0 ? true : undefined));
}

/** Waits until each queue has at least `count` consumers. Asks again where the broker does not answer. */
export async function waitForConsumers(
  broker: OwnServer,
  count: number,
  limitMs: number,
  queues: readonly string[] = [QUEUE],
): Promise<void> {
  await waitFor(`${count} consumers`, limitMs, async () => {
    const counts = await consumerCounts(broker, queues).catch(() => undefined);
    return counts?.every((consumers) => consumers >= count) === true ? true : undefined;
  });
}

async function consumerCounts({ url }: OwnServer, queues: readonly string[]): Promise<number[]> {
  const connection = await connect(url, { timeout: QUESTION_LIMIT_MS });
  connection.on('error', () => undefined);
  try {
    const ask = async (): Promise<number[]> => {
      const channel = await connection.createChannel();
      return Promise.all(queues.map(async (queue) => (await channel.checkQueue(queue)).consumerCount));
    };
    return await within(QUESTION_LIMIT_MS, 'the number of consumers', ask());
  } finally {
    connection.close().catch(() => undefined);
  }
}
