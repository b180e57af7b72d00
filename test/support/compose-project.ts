import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../infrastructure/addresses.ts';
import { attempt, run } from '../../infrastructure/command.ts';
import { ensureCompose, ensureDocker } from '../../infrastructure/docker.ts';
import { ensureImages } from '../../infrastructure/images.ts';
import { waitFor } from '../../infrastructure/progress.ts';

const LIMIT_MS = 540_000;

/** docker-compose.yml, started under a unique name on free ports. */
export interface ComposeProject {
  readonly name: string;
  /** The worker's image, built for this project. */
  readonly image: string;
  /** The broker's address for its administrator. Throws before the first `up`. */
  readonly amqpUrl: string;
  /**
   * Returns what a file of the project's secrets holds. The service `secrets` makes them at the
   * first `up`.
   */
  secret(name: string): string;
  /** `docker`, or `docker-compose` where Compose is a program of its own. */
  readonly program: string;
  /** Lets `docker compose` in a copy of the repository work on this project. */
  readonly env: Readonly<Record<string, string>>;
  compose(...args: readonly string[]): Promise<string>;
  /** Returns the ids of a service's running containers. */
  containers(service: string): Promise<readonly string[]>;
  /** Waits until a service has this many containers and Docker reports each of them healthy. */
  healthy(service: string, count: number): Promise<readonly string[]>;
  /** Removes containers, networks, volumes and the image. */
  remove(): Promise<void>;
}

/** Prepares a project; builds and starts nothing yet. `more` adds variables of docker-compose.yml. */
export async function composeProject(more: Readonly<Record<string, string>> = {}): Promise<ComposeProject> {
  await ensureDocker();
  const images = await ensureImages('rabbitmq', 'mongo', 'node');
  const [program, ...first] = await ensureCompose();
  const mark = randomBytes(4).toString('hex');
  const name = `contacts-e2e-${mark}`;
  const image = `contacts-worker:e2e-${mark}`;
  const [amqp, management, mongodb] = [await freePort(), await freePort(), await freePort()];
  const folder = mkdtempSync(join(tmpdir(), 'contacts-secrets-'));
  // Missing, as in a fresh clone.
  const secrets = join(folder, 'secrets');
  const env = {
    SECRETS_FOLDER: secrets,
    COMPOSE_PROJECT_NAME: name,
    RABBITMQ_IMAGE: images.rabbitmq,
    MONGO_IMAGE: images.mongo,
    NODE_IMAGE: images.node,
    WORKER_IMAGE: image,
    RABBITMQ_PORT: String(amqp),
    RABBITMQ_MANAGEMENT_PORT: String(management),
    MONGODB_PORT: String(mongodb),
    ...more,
  };
  const secret = (file: string): string => readFileSync(join(secrets, file), 'utf8');
  const compose = (...args: readonly string[]): Promise<string> =>
    run(program, [...first, '-p', name, ...args], { env, limitMs: LIMIT_MS });
  const containers = async (service: string): Promise<readonly string[]> =>
    (await compose('ps', '-q', service)).split('\n').filter((id) => id !== '');
  return {
    name,
    image,
    program,
    env,
    get amqpUrl() {
      return `amqp://admin:${secret('rabbitmq_admin_password')}@127.0.0.1:${amqp}`;
    },
    secret,
    compose,
    containers,
    healthy: (service, count) =>
      waitFor(`${count} healthy ${service}`, 120_000, async () => {
        const ids = await containers(service);
        const states = await Promise.all(ids.map((id) => inspect(id, '{{.State.Health.Status}}')));
        return ids.length === count && states.every((state) => state === 'healthy') ? ids : undefined;
      }),
    remove: async () => {
      await compose('down', '-v', '--remove-orphans', '-t', '10');
      await attempt('docker', ['image', 'rm', '-f', image]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Returns one value of `docker inspect`. */
export function inspect(id: string, format: string): Promise<string> {
  return run('docker', ['inspect', '-f', format, id]);
}
