import { ContactsClient } from '../client/index.ts';
import { eraseContacts } from '../mongo/erase.ts';
import { AnswerFaults } from './answer-faults.ts';
import type { AnswerFault } from './armed-fault.ts';
import { allSettled, CleanUp } from './clean-up.ts';
import { purgeQueues } from './purge.ts';
import { startBroker, startDatabase, startNetwork, type ServerUrls, type StartedServer } from './servers.ts';
import { ContactsWorkerContainer } from './worker-container.ts';

export type { AnswerFault } from './armed-fault.ts';
export { ContactsWorkerContainer, StartedContactsWorkerContainer } from './worker-container.ts';

/** The images of the containers. Each has a default. */
export interface TestImages {
  /** Default: built from this package, once for each version. */
  readonly worker?: string | undefined;
  /** Default: `rabbitmq:4-management`. */
  readonly rabbitmq?: string | undefined;
  /** Default: `mongo:8`. */
  readonly mongodb?: string | undefined;
  /** The base of the worker's image where that is built. */
  readonly node?: string | undefined;
}

/** Options of `startContacts`. All may be left out. */
export interface StartOptions {
  readonly images?: TestImages | undefined;
  /** Settings of the worker beside AMQP_URL, MONGODB_URL and HTTP_PORT. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /**
   * Uses the containers of an earlier call with the same options, and leaves them running. Default:
   * false.
   */
  readonly reuse?: boolean | undefined;
}

/** A broker, a database and a worker that consumes requests. */
export interface ContactsEnvironment {
  readonly amqpUrl: string;
  /** The path names the worker's database. */
  readonly mongodbUrl: string;
  /** The address of `/livez`, `/readyz` and `/metrics`, without a path. */
  readonly httpUrl: string;
  /** A connected client. */
  readonly client: ContactsClient;
  /**
   * Deletes all contacts, the memory of earlier requests, what waits in the request queue and its
   * dead-letter queue, and the faults that met no request. Nothing may be in flight.
   */
  clear(): Promise<void>;
  /**
   * Lets the next request meet a fault, whoever sends it. Resolves once it is armed. Several faults
   * meet several requests, in the order of the calls.
   */
  nextAnswer(fault: AnswerFault): Promise<void>;
  /** Closes the client and removes the containers; with `reuse` they stay. Idempotent. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const DEFAULT_QUEUE = 'contacts.requests';
const OWN_SETTINGS: readonly string[] = ['AMQP_URL', 'MONGODB_URL', 'HTTP_PORT'];

/**
 * Starts a broker, a database and a worker in containers, and connects a client. Rejects, and
 * removes what it has started, where one of them does not become ready.
 */
export async function startContacts(options: StartOptions = {}): Promise<ContactsEnvironment> {
  const { env = {} } = options;
  checkSettings(env);
  const cleanUp = new CleanUp();
  try {
    const { broker, database, httpUrl } = await startContainers(options, cleanUp);
    const queue = env['REQUEST_QUEUE'] ?? DEFAULT_QUEUE;
    const client = await ContactsClient.connect({ url: broker.outside, queue });
    cleanUp.add(() => client.close());
    const faults = new AnswerFaults(broker.outside, queue);
    cleanUp.add(() => faults.close());
    return environment({ broker, database, httpUrl, client, faults, queue, cleanUp });
  } catch (error) {
    await cleanUp.run().catch(() => undefined);
    throw error;
  }
}

function checkSettings(env: Readonly<Record<string, string>>): void {
  const own = Object.keys(env).filter((name) => OWN_SETTINGS.includes(name.replace(/_FILE$/, '')));
  if (own.length > 0) throw new TypeError(`env must not set ${own.join(', ')}: startContacts sets it`);
  if (Number(env['REQUEST_QUEUES'] ?? 1) !== 1) throw new TypeError('env must not set REQUEST_QUEUES above 1');
}

interface Containers {
  readonly broker: ServerUrls;
  readonly database: ServerUrls;
  readonly httpUrl: string;
}

async function startContainers(options: StartOptions, cleanUp: CleanUp): Promise<Containers> {
  const { images = {}, env = {}, reuse = false } = options;
  const { rabbitmq = 'rabbitmq:4-management', mongodb = 'mongo:8' } = images;
  const network = await startNetwork(reuse);
  cleanUp.add(() => network.remove());
  const removed = async (start: Promise<StartedServer>): Promise<StartedServer> => {
    const server = await start;
    if (!reuse) cleanUp.add(() => server.container.stop());
    return server;
  };
  const [broker, database, worker] = await allSettled([
    removed(startBroker(rabbitmq, network.name, reuse)),
    removed(startDatabase(mongodb, network.name, reuse)),
    workerContainer(images),
  ]);
  worker.withNetworkMode(network.name).withEnvironment(env);
  worker.withAmqpUrl(broker.inside).withMongodbUrl(database.inside);
  if (reuse) worker.withReuse();
  const running = await worker.start();
  if (!reuse) cleanUp.add(() => running.stop());
  return { broker, database, httpUrl: running.getHttpUrl() };
}

interface Parts extends Containers {
  readonly client: ContactsClient;
  readonly faults: AnswerFaults;
  readonly queue: string;
  readonly cleanUp: CleanUp;
}

function environment({ broker, database, httpUrl, client, faults, queue, cleanUp }: Parts): ContactsEnvironment {
  const stop = (): Promise<void> => cleanUp.run();
  return {
    amqpUrl: broker.outside,
    mongodbUrl: database.outside,
    httpUrl,
    client,
    nextAnswer: (fault) => faults.arm(fault),
    clear: async () => {
      await faults.clear();
      await purgeQueues(broker.outside, queue);
      await eraseContacts(database.outside);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function workerContainer({ worker, node }: TestImages): Promise<ContactsWorkerContainer> {
  if (worker === undefined) return ContactsWorkerContainer.fromPackage(node);
  return Promise.resolve(new ContactsWorkerContainer(worker));
}
