import { freePort } from '../../infrastructure/addresses.ts';
import { ensureDocker, releaseDocker } from '../../infrastructure/docker.ts';
import { removeServers, startServers } from '../../infrastructure/servers.ts';

/** A broker and a database to measure against. */
export interface Endpoints {
  readonly amqpUrl: string;
  readonly mongodbUrl: string;
  /** Removes the containers that were started for the benchmark. */
  release(): Promise<void>;
}

/**
 * Returns the servers that AMQP_URL and MONGODB_URL name where both are set, else starts
 * containers.
 */
export async function findEndpoints(environment: Readonly<Record<string, string | undefined>>): Promise<Endpoints> {
  const { AMQP_URL: amqpUrl, MONGODB_URL: mongodbUrl } = environment;
  if (amqpUrl !== undefined && mongodbUrl !== undefined) {
    return { amqpUrl, mongodbUrl, release: () => Promise.resolve() };
  }
  const docker = await ensureDocker();
  const ports = { amqp: await freePort(), management: await freePort(), mongodb: await freePort() };
  const servers = await startServers('contacts-bench', ports);
  return {
    ...servers,
    release: async () => {
      await removeServers(servers.names);
      await releaseDocker(docker);
    },
  };
}
