import { randomBytes } from 'node:crypto';
import { Obstacle, say } from '../../infrastructure/progress.ts';
import { ensureDocker, releaseDocker, type Docker } from '../../infrastructure/docker.ts';
import { deleteQueues, dropDatabase } from '../../infrastructure/removal.ts';
import {
  amqpProblem,
  DEFAULT_PORTS,
  mongodbProblem,
  removeServers,
  startServers,
} from '../../infrastructure/servers.ts';
import { freePort, withDatabase } from '../../infrastructure/addresses.ts';

/** What the demo made or started, as plain data: enough to undo it later, from another process too. */
export interface Belongings {
  docker: Docker;
  containers: readonly string[];
  /** Of a broker that was given. */
  queues: readonly string[];
  /** On a database server that was given. */
  dropDatabase: boolean;
}

/** Where the demo's worker works. */
export interface Places {
  readonly amqpUrl: string;
  readonly mongodbUrl: string;
  readonly queue: string;
  /** RabbitMQ's pages, where the demo started the broker. */
  readonly managementUrl: string | undefined;
}

/**
 * Finds a broker and a database: those that AMQP_URL and MONGODB_URL name, with a queue and a database of the demo's
 * own, or else fresh containers with the default names. Notes in `made` what has to be undone, as soon as it is begun.
 */
export async function findPlaces(made: Belongings): Promise<Places> {
  const { AMQP_URL: amqpUrl = '', MONGODB_URL: mongodbUrl = '' } = process.env;
  if ((amqpUrl === '') !== (mongodbUrl === '')) {
    throw new Obstacle('Set both AMQP_URL and MONGODB_URL, or neither; with neither, the demo starts its own servers.');
  }
  return amqpUrl === '' ? startOwn(made) : useGiven(amqpUrl, mongodbUrl, made);
}

async function useGiven(amqpUrl: string, mongodbUrl: string, made: Belongings): Promise<Places> {
  const [first = ''] = amqpUrl.split(',');
  const problems = [
    ['AMQP_URL', await amqpProblem(first)],
    ['MONGODB_URL', await mongodbProblem(mongodbUrl)],
  ].flatMap(([name, problem]) => (problem === undefined ? [] : [`${name} is set, but cannot be used: ${problem}`]));
  if (problems.length > 0) throw new Obstacle(problems.join('\n'));
  const mark = randomBytes(4).toString('hex');
  const queue = `contacts.demo.${mark}`;
  const database = `contacts_demo_${mark}`;
  say(`Using the broker and the database that AMQP_URL and MONGODB_URL name, with the queue ${queue}`);
  say(`and the database ${database}, which are removed at the end.`);
  made.queues = [queue, `${queue}.dead`];
  made.dropDatabase = true;
  return { amqpUrl: first, mongodbUrl: withDatabase(mongodbUrl, database), queue, managementUrl: undefined };
}

async function startOwn(made: Belongings): Promise<Places> {
  made.docker = await ensureDocker();
  const prefix = `contacts-demo-${randomBytes(3).toString('hex')}`;
  made.containers = [`${prefix}-rabbitmq`, `${prefix}-mongo`];
  const servers = await startServers(prefix, {
    amqp: await freePort(DEFAULT_PORTS.amqp),
    management: await freePort(DEFAULT_PORTS.management),
    mongodb: await freePort(DEFAULT_PORTS.mongodb),
  });
  const { amqpUrl, managementUrl, mongodbUrl } = servers;
  return { amqpUrl, managementUrl, mongodbUrl: withDatabase(mongodbUrl, 'contacts'), queue: 'contacts.requests' };
}

/** Undoes what `findPlaces` noted. */
export async function leave(made: Belongings, places: Places | undefined): Promise<void> {
  if (places !== undefined && made.queues.length > 0) await deleteQueues(places.amqpUrl, made.queues);
  if (places !== undefined && made.dropDatabase) await dropDatabase(places.mongodbUrl);
  await removeServers(made.containers);
  await releaseDocker(made.docker);
}
