import { randomBytes } from 'node:crypto';
import { RabbitMQContainer } from '@testcontainers/rabbitmq';
import { GenericContainer, Wait, type StartedTestContainer } from 'testcontainers';
import { freePort } from '../../infrastructure/addresses.ts';
import { run } from '../../infrastructure/command.ts';
import { ensureDocker } from '../../infrastructure/docker.ts';
import { ensureImages } from '../../infrastructure/images.ts';
import { waitFor } from '../../infrastructure/progress.ts';
import { amqpProblem, mongodbProblem } from '../../infrastructure/servers.ts';

const START_LIMIT_MS = 120_000;

// The tests remove what they start; the reaper would be one more image to pull.
process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true';

/**
 * A test's own broker or database, for injecting faults. Its address stays the same through kill,
 * stop and start.
 */
export interface OwnServer {
  readonly url: string;
  /** Docker's id of the container. */
  readonly id: string;
  /** Freezes all its processes: connections stay open and silent. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Kills it (SIGKILL). Its data stays. */
  kill(): Promise<void>;
  /** Stops it gracefully. Its data stays. */
  stop(): Promise<void>;
  /** Starts it after `kill` or `stop`, and waits until it can be used. */
  start(): Promise<void>;
  /** Runs a command inside and returns its output. */
  exec(...command: readonly string[]): Promise<string>;
  /** Returns its last exit code. */
  exitCode(): Promise<number>;
  /** Removes it and its data. */
  remove(): Promise<void>;
}

/**
 * Starts a RabbitMQ for the caller; its data is in the Docker volume `dataVolume`, where one is
 * named.
 */
export async function startBroker({ dataVolume }: { readonly dataVolume?: string } = {}): Promise<OwnServer> {
  await ensureDocker();
  const { rabbitmq } = await ensureImages('rabbitmq');
  const port = await freePort();
  const container = await new RabbitMQContainer(rabbitmq)
    .withExposedPorts({ container: 5672, host: port })
    .withHostname(`test-${randomBytes(4).toString('hex')}`)
    .withBindMounts(dataVolume === undefined ? [] : [{ source: dataVolume, target: '/var/lib/rabbitmq' }])
    .withStartupTimeout(START_LIMIT_MS)
    .start();
  return ownServer(container, `amqp://guest:guest@127.0.0.1:${port}`, amqpProblem);
}

/** Starts a database for the caller. */
export async function startDatabase(): Promise<OwnServer> {
  await ensureDocker();
  const { mongo } = await ensureImages('mongo');
  const port = await freePort();
  const container = await new GenericContainer(mongo)
    .withExposedPorts({ container: 27017, host: port })
    .withWaitStrategy(Wait.forListeningPorts())
    .withStartupTimeout(START_LIMIT_MS)
    .start();
  return ownServer(container, `mongodb://127.0.0.1:${port}`, mongodbProblem);
}

/**
 * What Docker does to a container. `start` does not wait until the server can be used; a `stop`
 * kills it after `stopSeconds`.
 */
export function containerActions(id: string, stopSeconds = 10): Omit<OwnServer, 'url' | 'id'> {
  const docker = async (...args: readonly string[]): Promise<void> => {
    await run('docker', [...args, id], { limitMs: (stopSeconds + 50) * 1_000 });
  };
  return {
    pause: () => docker('pause'),
    resume: () => docker('unpause'),
    kill: () => docker('kill'),
    stop: () => docker('stop', '-t', String(stopSeconds)),
    start: () => docker('start'),
    exec: (...command) => run('docker', ['exec', id, ...command], { limitMs: 60_000 }),
    exitCode: async () => Number(await run('docker', ['inspect', '-f', '{{.State.ExitCode}}', id])),
    remove: () => docker('rm', '-f', '-v'),
  };
}

async function ownServer(
  container: StartedTestContainer,
  url: string,
  problem: (url: string) => Promise<string | undefined>,
): Promise<OwnServer> {
  const id = container.getId();
  const actions = containerActions(id);
  const usable = (): Promise<true> =>
    waitFor(url, START_LIMIT_MS, async () => ((await problem(url)) === undefined ? true : undefined));
  await usable();
  return {
    url,
    id,
    ...actions,
    start: async () => {
      await actions.start();
      await usable();
    },
  };
}

export { freePort };
