import { GenericContainer, getContainerRuntimeClient, Network, Wait, type StartedTestContainer } from 'testcontainers';

/** The user of the broker. */
const USER = 'contacts';
const DATABASE = 'contacts';
const AMQP_PORT = 5672;
const MONGODB_PORT = 27017;
const START_LIMIT_MS = 120_000;

/** The network that environments with `reuse` share. */
const SHARED_NETWORK = 'contacts-testing';

/** The addresses of a server: for the tests, and for containers of the same network. */
export interface ServerUrls {
  readonly outside: string;
  readonly inside: string;
}

export interface StartedServer extends ServerUrls {
  readonly container: StartedTestContainer;
}

/** Starts a broker; resolves once it takes connections. */
export async function startBroker(image: string, network: string, reuse: boolean): Promise<StartedServer> {
  const container = new GenericContainer(image)
    .withEnvironment({ RABBITMQ_DEFAULT_USER: USER, RABBITMQ_DEFAULT_PASS: USER })
    .withExposedPorts(AMQP_PORT)
    .withNetworkMode(network)
    .withNetworkAliases('rabbitmq')
    .withWaitStrategy(Wait.forLogMessage('Server startup complete'))
    .withStartupTimeout(START_LIMIT_MS);
  const started = await (reuse ? container.withReuse() : container).start();
  const url = (host: string, port: number): string => `amqp://${USER}:${USER}@${host}:${port}`;
  return {
    container: started,
    outside: url(started.getHost(), started.getMappedPort(AMQP_PORT)),
    inside: url('rabbitmq', AMQP_PORT),
  };
}

/** Starts a database. The worker waits until it answers. */
export async function startDatabase(image: string, network: string, reuse: boolean): Promise<StartedServer> {
  const container = new GenericContainer(image)
    .withExposedPorts(MONGODB_PORT)
    .withNetworkMode(network)
    .withNetworkAliases('mongodb')
    .withWaitStrategy(Wait.forListeningPorts())
    .withStartupTimeout(START_LIMIT_MS);
  const started = await (reuse ? container.withReuse() : container).start();
  const url = (host: string, port: number): string => `mongodb://${host}:${port}/${DATABASE}`;
  return {
    container: started,
    outside: url(started.getHost(), started.getMappedPort(MONGODB_PORT)),
    inside: url('mongodb', MONGODB_PORT),
  };
}

/** A network, and how to remove it. */
export interface OwnNetwork {
  readonly name: string;
  remove(): Promise<void>;
}

/** A network of its own; with `reuse` the one that stays, which is created where it is missing. */
export async function startNetwork(reuse: boolean): Promise<OwnNetwork> {
  if (!reuse) {
    const network = await new Network().start();
    return { name: network.getName(), remove: async () => void (await network.stop()) };
  }
  const { network } = await getContainerRuntimeClient();
  try {
    await network.getById(SHARED_NETWORK).inspect();
  } catch (error) {
    if ((error as { readonly statusCode?: unknown }).statusCode !== 404) throw error;
    await network.create({ Name: SHARED_NETWORK, Driver: 'bridge' });
  }
  return { name: SHARED_NETWORK, remove: () => Promise.resolve() };
}
