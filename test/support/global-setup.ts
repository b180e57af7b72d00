import type { TestProject } from 'vitest/node';
import { ensureDocker } from '../../infrastructure/docker.ts';
import { ensureImages } from '../../infrastructure/images.ts';
import { UserFacingError } from '../../infrastructure/progress.ts';
import { amqpProblem, mongodbProblem } from '../../infrastructure/servers.ts';
import { startBroker, startDatabase, type OwnServer } from './servers.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /**
     * The broker that all tests of a run share; each uses queues of its own (see fresh-names.ts).
     */
    amqpUrl: string;
    /** The database server that all tests of a run share. */
    mongodbUrl: string;
  }
}

interface Shared {
  readonly urls: Promise<{ readonly amqpUrl: string; readonly mongodbUrl: string }>;
  readonly started: OwnServer[];
  users: number;
}

// Each tier loads this module again; the servers belong to the whole run.
const run = globalThis as { contactsTestServers?: Shared };

/**
 * Gives every tier that needs servers the same two: those that AMQP_URL and MONGODB_URL name, else
 * containers.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const shared = (run.contactsTestServers ??= begin());
  shared.users += 1;
  const { amqpUrl, mongodbUrl } = await shared.urls;
  project.provide('amqpUrl', amqpUrl);
  project.provide('mongodbUrl', mongodbUrl);
  return async () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    delete run.contactsTestServers;
    await Promise.all(shared.started.map((server) => server.remove()));
  };
}

function begin(): Shared {
  const started: OwnServer[] = [];
  return { urls: findServers(started), started, users: 0 };
}

async function findServers(started: OwnServer[]): Promise<{ amqpUrl: string; mongodbUrl: string }> {
  const givenAmqp = await given('AMQP_URL', amqpProblem);
  const givenMongodb = await given('MONGODB_URL', mongodbProblem);
  // Both images first, so that the two starts do not both look for a missing one.
  if (givenAmqp === undefined || givenMongodb === undefined) {
    await ensureDocker();
    await ensureImages('rabbitmq', 'mongo');
  }
  const [amqpUrl, mongodbUrl] = await Promise.allSettled([
    givenAmqp ?? begun(startBroker(), started),
    givenMongodb ?? begun(startDatabase(), started),
  ]);
  if (amqpUrl.status === 'fulfilled' && mongodbUrl.status === 'fulfilled') {
    return { amqpUrl: amqpUrl.value, mongodbUrl: mongodbUrl.value };
  }
  await Promise.all(started.map((server) => server.remove()));
  throw amqpUrl.status === 'rejected' ? amqpUrl.reason : (mongodbUrl as PromiseRejectedResult).reason;
}

async function begun(start: Promise<OwnServer>, started: OwnServer[]): Promise<string> {
  const server = await start;
  started.push(server);
  return server.url;
}

async function given(
  variable: string,
  problem: (url: string) => Promise<string | undefined>,
): Promise<string | undefined> {
  const url = process.env[variable];
  if (url === undefined || url === '') return undefined;
  const trouble = await problem(url.split(',amqp')[0]!);
  if (trouble !== undefined) throw new UserFacingError(`${variable} is set, but nothing can be done there: ${trouble}`);
  return url;
}
