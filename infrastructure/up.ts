// Starts what development needs: node infrastructure/up.ts
import { ensureDocker } from './docker.ts';
import { UserFacingError, printProgress } from './progress.ts';
import { DEFAULT_PORTS, startServers } from './servers.ts';

try {
  await ensureDocker();
  const servers = await startServers('contacts-dev', DEFAULT_PORTS);
  printProgress(`Broker:     ${servers.amqpUrl} (pages at ${servers.managementUrl}, guest/guest)`);
  printProgress(`Database:   ${servers.mongodbUrl}`);
  printProgress('They keep running until `node infrastructure/down.ts`.');
} catch (error) {
  if (!(error instanceof UserFacingError)) throw error;
  printProgress(error.message);
  process.exitCode = 1;
}
