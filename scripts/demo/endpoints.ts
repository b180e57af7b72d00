import { randomBytes } from 'node:crypto';
import { UserFacingError, printProgress } from '../../infrastructure/progress.ts';
import { ensureDocker, releaseDocker, type Docker } from '../../infrastructure/docker.ts';
import {
  amqpProblem,
  DEFAULT_PORTS,
  deleteQueues,
  dropDatabase,
  mongodbProblem,
  removeServers,
  startServers,
} from '../../infrastructure/servers.ts';
import { freePort, withDatabase } from '../../infrastructure/addresses.ts';

/** What the demo created or started, as plain data: enough for another process to undo it later. */
export interface CreatedResources {
  docker: Docker;
  containers: readonly string[];
  /** On a broker that the user named. */
  queues: readonly string[];
  /** On a database server that the user named. */
  dropDatabase: boolean;
}

/** The servers and the queue of the demo's worker. */
export interface Endpoints {
  readonly amqpUrl: string;
  readonly mongodbUrl: string;
  readonly queue: string;
  /** RabbitMQ's management pages, where the demo started the broker. */
  readonly managementUrl: string | undefined;
}

/**
 * Returns a broker and a database: those that AMQP_URL and MONGODB_URL name, with a queue and a
 * database of the demo's own, or else new containers with the default names. Records in `created`
 * what has to be undone, before it begins.
 */
export async function findEndpoints(created: CreatedResources): Promise<Endpoints> {
  const { AMQP_URL: amqpUrl = '', MONGODB_URL: mongodbUrl = '' } = process.env;
  if ((amqpUrl === '') !== (mongodbUrl === '')) {
    throw new UserFacingError(
      'Set both AMQP_URL and MONGODB_URL, or neither; with neither, the demo starts its own servers.',
    );
  }
  return amqpUrl === '' ? startOwn(created) : useGiven(amqpUrl, mongodbUrl, created);
}

async function useGiven(amqpUrl: string, mongodbUrl: string, created: CreatedResources): Promise<Endpoints> {
  const [first = ''] = amqpUrl.split(',');
  const problems = [
    ['AMQP_URL', await amqpProblem(first)],
    ['MONGODB_URL', await mongodbProblem(mongodbUrl)],
  ].flatMap(([name, problem]) => (problem === undefined ? [] : [`${name} is set, but cannot be used: ${problem}`]));
  if (problems.length > 0) throw new UserFacingError(problems.join('\n'));
  const mark = randomBytes(4).toString('hex');
  const queue = `contacts.demo.${mark}`;
  const database = `contacts_demo_${mark}`;
  printProgress(`Using the servers of AMQP_URL and MONGODB_URL, with the queue ${queue}`);
  printProgress(`and the database ${database}; both are removed at the end.`);
  created.queues = [queue, `${queue}.dead`];
  created.dropDatabase = true;
  return { amqpUrl: first, mongodbUrl: withDatabase(mongodbUrl, database), queue, managementUrl: undefined };
}

async function startOwn(created: CreatedResources): Promise<Endpoints> {
  created.docker = await ensureDocker();
  const prefix = `contacts-demo-${randomBytes(3).toString('hex')}`;
  created.containers = [`${prefix}-rabbitmq`, `${prefix}-mongo`];
  const servers = await startServers(prefix, {
    amqp: await freePort(DEFAULT_PORTS.amqp),
    management: await freePort(DEFAULT_PORTS.management),
    mongodb: await freePort(DEFAULT_PORTS.mongodb),
  });
  const { amqpUrl, managementUrl, mongodbUrl } = servers;
  return { amqpUrl, managementUrl, mongodbUrl: withDatabase(mongodbUrl, 'contacts'), queue: 'contacts.requests' };
}

/** Undoes what `findEndpoints` recorded. */
export async function release(created: CreatedResources, endpoints: Endpoints | undefined): Promise<void> {
  if (endpoints !== undefined && created.queues.length > 0) await deleteQueues(endpoints.amqpUrl, created.queues);
  if (endpoints !== undefined && created.dropDatabase) await dropDatabase(endpoints.mongodbUrl);
  await removeServers(created.containers);
  await releaseDocker(created.docker);
}
