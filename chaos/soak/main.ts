// npm run soak -- --minutes N: load for a long time, with faults on and off, then judges whether
// anything grew.
import { UserFacingError, printProgress } from '../../infrastructure/progress.ts';
import { numberOf, optionsOf } from '../../scripts/options.ts';
import { runCommand } from '../command.ts';
import { LEAKS } from './planted-leak.ts';
import { verdictOf, writeSoakReport } from './report.ts';
import { soak, type SoakSettings } from './soak.ts';

const USAGE = `npm run soak -- --minutes 10      load, with faults on and off; prints whether anything grows
  --hours N           instead of --minutes
  --rate N            requests per second between the faults (60, less in runs of more than 90 minutes)
  --seed N, --workers N
PLANTED_LEAK=${LEAKS.join('|')} plants a leak into the first worker, to show that it is found.
Exit code: 0 flat, 1 something grows or a guarantee was violated.`;

/** The checker holds the whole journal: about 1.5 GB for 300,000 requests. */
const MAX_REQUESTS = 324_000;

function settings(): SoakSettings | undefined {
  const text = { type: 'string' } as const;
  const { values } = optionsOf({
    options: {
      help: { type: 'boolean', default: false },
      minutes: text,
      hours: text,
      rate: text,
      seed: { ...text, default: String(Date.now() % 1_000_000) },
      workers: { ...text, default: '3' },
    },
  });
  if (values.help) return undefined;
  const minutes = values.hours === undefined ? numberOf(values.minutes ?? '10') : numberOf(values.hours) * 60;
  const workers = numberOf(values.workers);
  if (minutes < 2) throw new UserFacingError('Less than two minutes say nothing about growth.');
  if (workers < 2) throw new UserFacingError('It takes two workers: one is judged, the others are ended by faults.');
  const rate = numberOf(values.rate ?? String(Math.min(60, Math.floor(MAX_REQUESTS / (minutes * 60)))));
  const leak = process.env['PLANTED_LEAK'];
  return { seed: numberOf(values.seed), minutes, rate, workers, calmMs: 40_000, faults: 3, spared: 1, leak };
}

await runCommand(async (interrupted) => {
  const chosen = settings();
  if (chosen === undefined) {
    console.log(USAGE);
    return 0;
  }
  printProgress(`The seed of this run is ${chosen.seed}.`);
  const result = await soak(chosen, interrupted);
  console.log(writeSoakReport(result));
  printProgress(`Journal, logs, CSV and plot are in ${result.record.folder}`);
  return result.violations.length === 0 && verdictOf(result).startsWith('FLAT') ? 0 : 1;
});
