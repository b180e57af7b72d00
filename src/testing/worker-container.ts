import { AbstractStartedContainer, GenericContainer, Wait } from 'testcontainers';

import { buildWorkerImage } from './package-image.ts';

/** The port of `/livez`, `/readyz` and `/metrics` inside the container. */
const HTTP_PORT = 8080;
const START_LIMIT_MS = 120_000;
/** Characters of the worker's output that an error quotes, at most. */
const MAX_QUOTED = 4_000;

/**
 * The worker in a container, for programs that have a broker and a database of their own. Its
 * settings are environment variables (`withEnvironment`): AMQP_URL and MONGODB_URL as seen from the
 * container. `start` resolves once the worker consumes requests.
 */
export class ContactsWorkerContainer extends GenericContainer {
  #output = '';

  /** `image`: the worker's image, e.g. built from the project's Dockerfile. */
  constructor(image: string) {
    super(image);
    this.withExposedPorts(HTTP_PORT)
      .withWaitStrategy(Wait.forHttp('/readyz', HTTP_PORT, { abortOnContainerExit: true }).forStatusCode(200))
      .withStartupTimeout(START_LIMIT_MS)
      .withLogConsumer((stream) => {
        stream.on('data', (part: unknown) => (this.#output = (this.#output + String(part)).slice(-MAX_QUOTED)));
      });
  }

  /** Builds the image from the installed package where it is missing. `nodeImage`: its base. */
  static async fromPackage(nodeImage?: string): Promise<ContactsWorkerContainer> {
    return new ContactsWorkerContainer(await buildWorkerImage(nodeImage));
  }

  withAmqpUrl(url: string): this {
    return this.withEnvironment({ AMQP_URL: url });
  }

  withMongodbUrl(url: string): this {
    return this.withEnvironment({ MONGODB_URL: url });
  }

  /** Rejects with the end of the worker's output where it does not become ready. */
  override async start(): Promise<StartedContactsWorkerContainer> {
    try {
      return new StartedContactsWorkerContainer(await super.start());
    } catch (error) {
      throw new Error(`the worker has not become ready; the end of its output:\n${this.#output.trim()}`, {
        cause: error,
      });
    }
  }
}

/** A running worker. */
export class StartedContactsWorkerContainer extends AbstractStartedContainer {
  /** The address of `/livez`, `/readyz` and `/metrics`, without a path. */
  getHttpUrl(): string {
    return `http://${this.getHost()}:${this.getMappedPort(HTTP_PORT)}`;
  }
}
