// npm run flood [-- --seconds 10]: see docs/threat-model.md
import { optionsOf } from '../../scripts/options.ts';
import { printProgress, UserFacingError } from '../../infrastructure/progress.ts';
import { findEndpoints } from '../infrastructure/endpoints.ts';
import { HOSTILE } from './documents.ts';
import { floodTable } from './table.ts';
import { flood } from './flood.ts';
import { FAIR_SHARE, problemsOf } from './verdict.ts';

const USAGE = `npm run flood                   floods a worker with hostile documents, beside honest producers
  --seconds N     measured time of each run (5)
  --rounds N      how often each kind is measured (3)
  --kinds A,B     some kinds alone: ${HOSTILE.join(', ')}
  --min-share N   the smallest honest throughput, relative to that beside an honest producer (${FAIR_SHARE})
AMQP_URL and MONGODB_URL name the servers; else containers are started.`;

async function main(): Promise<void> {
  const { values } = optionsOf({
    options: {
      help: { type: 'boolean', default: false },
      seconds: { type: 'string', default: '5' },
      rounds: { type: 'string', default: '3' },
      kinds: { type: 'string', default: HOSTILE.join(',') },
      'min-share': { type: 'string', default: String(FAIR_SHARE) },
    },
  });
  if (values.help) return void process.stdout.write(`${USAGE}\n`);
  const seconds = wholeNumber('--seconds', values.seconds, 600);
  const rounds = wholeNumber('--rounds', values.rounds, 100);
  const minShare = Number(values['min-share']);
  if (!(minShare > 0 && minShare <= 1)) throw new UserFacingError('--min-share must be a number above 0, at most 1.');
  const names = values.kinds.split(',');
  const kinds = HOSTILE.filter((kind) => names.includes(kind));
  if (kinds.length !== names.length) throw new UserFacingError(`--kinds are ${HOSTILE.join(', ')}.`);
  const endpoints = await findEndpoints(process.env);
  try {
    const figures = await flood({ ...endpoints, seconds, rounds, kinds, name: 'contacts_flood' });
    process.stdout.write(`${floodTable(figures)}\n`);
    const problems = problemsOf(figures, minShare);
    for (const problem of problems) printProgress(problem);
    if (problems.length > 0) process.exitCode = 1;
  } finally {
    await endpoints.release();
  }
}

function wholeNumber(option: string, text: string, max: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1 && value <= max) return value;
  throw new UserFacingError(`${option} must be a whole number from 1 to ${max}.`);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof UserFacingError)) throw error;
  printProgress(error.message);
  process.exitCode = 1;
}
