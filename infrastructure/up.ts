// Brings up what development needs: node infrastructure/up.ts
import { ensureDocker } from './docker.ts';
import { Obstacle, say } from './progress.ts';
import { DEFAULT_PORTS, startServers } from './servers.ts';

try {
  await ensureDocker();
  const servers = await startServers('contacts-dev', DEFAULT_PORTS);
  say(`Broker:     ${servers.amqpUrl} (pages at ${servers.managementUrl}, guest/guest)`);
  say(`Database:   ${servers.mongodbUrl}`);
  say('They stay until `node infrastructure/down.ts`.');
} catch (error) {
  if (!(error instanceof Obstacle)) throw error;
  say(error.message);
  process.exitCode = 1;
}
