// npm run flood [-- --seconds 10]: see docs/threat-model.md
import { optionsOf } from '../../scripts/options.ts';
import { printProgress, UserFacingError } from '../../infrastructure/progress.ts';
import { findEndpoints } from '../infrastructure/endpoints.ts';
import { floodTable } from './table.ts';
import { flood } from './flood.ts';
import { problemsOf } from './verdict.ts';

const USAGE = `npm run flood                   floods a worker with hostile documents, beside honest producers
  --seconds N     measured time of each of the seven runs (10)
AMQP_URL and MONGODB_URL name the servers; else containers are started.`;

async function main(): Promise<void> {
  const { values } = optionsOf({
    options: { help: { type: 'boolean', default: false }, seconds: { type: 'string', default: '10' } },
  });
  if (values.help) return void process.stdout.write(`${USAGE}\n`);
  const seconds = Number(values.seconds);
  if (!Number.isSafeInteger(seconds) || seconds < 1 || seconds > 600) {
    throw new UserFacingError('--seconds must be a whole number from 1 to 600.');
  }
  const endpoints = await findEndpoints(process.env);
  try {
    const figures = await flood({ ...endpoints, seconds, name: 'contacts_flood' });
    process.stdout.write(`${floodTable(figures)}\n`);
    const problems = problemsOf(figures);
    for (const problem of problems) printProgress(problem);
    if (problems.length > 0) process.exitCode = 1;
  } finally {
    await endpoints.release();
  }
}

try {
  await main();
} catch (error) {
  if (!(error instanceof UserFacingError)) throw error;
  printProgress(error.message);
  process.exitCode = 1;
}
