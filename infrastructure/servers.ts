// Public module of infrastructure/: a broker and a database as containers, and cleaning up on given
// ones.
import { connect } from 'amqplib';
import { MongoClient } from 'mongodb';
import { attempt, run } from './command.ts';
import { ensureImages } from './images.ts';
import { UserFacingError, step, waitFor } from './progress.ts';

/** A broker and a database as containers on 127.0.0.1, with their names and host ports. */
export interface Servers {
  readonly names: readonly [rabbitmq: string, mongo: string];
  readonly amqpUrl: string;
  readonly managementUrl: string;
  /** The server's address; a database name may be appended. */
  readonly mongodbUrl: string;
}

export interface ServerPorts {
  readonly amqp: number;
  readonly management: number;
  readonly mongodb: number;
}

/** The ports that the worker's default settings expect. */
export const DEFAULT_PORTS: ServerPorts = { amqp: 5672, management: 15672, mongodb: 27017 };

/** Why no AMQP broker can be used at this address; `undefined` where one can. */
export async function amqpProblem(url: string): Promise<string | undefined> {
  try {
    const connection = await connect(url, { timeout: 5_000 });
    connection.on('error', () => undefined);
    await connection.close();
    return undefined;
  } catch (error) {
    return String(error);
  }
}

/** Why no database can be used at this address; `undefined` where one can. */
export async function mongodbProblem(url: string): Promise<string | undefined> {
  const limits = { serverSelectionTimeoutMS: 3_000, connectTimeoutMS: 3_000, socketTimeoutMS: 3_000 };
  try {
    const client = new MongoClient(url, limits);
    try {
      await client.db().command({ ping: 1 });
    } finally {
      await client.close();
    }
    return undefined;
  } catch (error) {
    return String(error);
  }
}

/**
 * Starts a broker and a database as containers `<prefix>-rabbitmq` and `<prefix>-mongo`, or
 * restarts stopped ones, and waits until both can be used. Ports are bound to 127.0.0.1 only.
 */
export async function startServers(prefix: string, ports: ServerPorts): Promise<Servers> {
  const images = await ensureImages('rabbitmq', 'mongo');
  const names = [`${prefix}-rabbitmq`, `${prefix}-mongo`] as const;
  const local = (host: number, container: number): string[] => ['-p', `127.0.0.1:${host}:${container}`];
  const servers: Servers = {
    names,
    amqpUrl: `amqp://guest:guest@127.0.0.1:${ports.amqp}`,
    managementUrl: `http://127.0.0.1:${ports.management}`,
    mongodbUrl: `mongodb://127.0.0.1:${ports.mongodb}`,
  };
  const guest = ['-e', 'RABBITMQ_DEFAULT_USER=guest', '-e', 'RABBITMQ_DEFAULT_PASS=guest'];
  await step(`Starting ${names.join(' and ')}`, async () => {
    const brokerPorts = [...local(ports.amqp, 5672), ...local(ports.management, 15672)];
    // A fixed host name: RabbitMQ stores its data under it.
    await startContainer(names[0], ['--hostname', prefix, ...guest, ...brokerPorts], images.rabbitmq);
    await startContainer(names[1], local(ports.mongodb, 27017), images.mongo);
    await waitFor('the broker', 90_000, async () => ((await amqpProblem(servers.amqpUrl)) ? undefined : true));
    await waitFor('the database', 90_000, async () => ((await mongodbProblem(servers.mongodbUrl)) ? undefined : true));
  });
  return servers;
}

async function startContainer(name: string, options: readonly string[], image: string): Promise<void> {
  const state = await attempt('docker', ['container', 'inspect', '-f', '{{.State.Running}} {{.Config.Image}}', name]);
  const [running, present] = state.stdout.trim().split(' ');
  if (state.code === 0 && present === image) {
    if (running === 'false') await run('docker', ['start', name]);
    return;
  }
  if (state.code === 0) await run('docker', ['rm', '-f', '-v', name]);
  const outcome = await attempt('docker', ['run', '-d', '--name', name, ...options, image]);
  if (outcome.code === 0) return;
  await attempt('docker', ['rm', '-f', '-v', name]);
  throw new UserFacingError(`The container ${name} could not be started: ${outcome.output.trim().split('\n').at(-1)}`);
}

/** Removes containers and their data; missing ones are ignored. */
export async function removeServers(names: readonly string[]): Promise<void> {
  if (names.length > 0) await attempt('docker', ['rm', '-f', '-v', ...names], { cleanup: true });
}

/** Deletes queues; missing ones are ignored. Of several addresses the first is used. */
export async function deleteQueues(amqpUrl: string, queues: readonly string[]): Promise<void> {
  const [first = ''] = amqpUrl.split(',');
  const connection = await connect(first, { timeout: 10_000 });
  connection.on('error', () => undefined);
  try {
    const channel = await connection.createChannel();
    for (const queue of queues) await channel.deleteQueue(queue);
  } finally {
    await connection.close();
  }
}

/** Drops the database in the address. */
export async function dropDatabase(mongodbUrl: string): Promise<void> {
  const client = new MongoClient(mongodbUrl, { serverSelectionTimeoutMS: 10_000, socketTimeoutMS: 30_000 });
  try {
    await client.db().dropDatabase();
  } finally {
    await client.close();
  }
}
