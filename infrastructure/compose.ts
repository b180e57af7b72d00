import { attempt } from './command.ts';
import { ensurePackages } from './debian.ts';

/** How Compose is called on this machine: `docker compose`, else `docker-compose`, else the latter after installing it. */
export async function ensureCompose(): Promise<readonly [program: string, ...args: string[]]> {
  if ((await attempt('docker', ['compose', 'version'])).code === 0) return ['docker', 'compose'];
  if ((await attempt('docker-compose', ['version'])).code !== 0) {
    await ensurePackages(['docker-compose'], 'to start docker-compose.yml');
  }
  return ['docker-compose'];
}
