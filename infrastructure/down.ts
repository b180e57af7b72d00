// Removes what up.ts started: node infrastructure/down.ts
import { dockerAnswers } from './docker.ts';
import { printProgress } from './progress.ts';
import { removeServers } from './servers.ts';

if (await dockerAnswers()) await removeServers(['contacts-dev-rabbitmq', 'contacts-dev-mongo']);
printProgress('The development broker and database are removed.');
