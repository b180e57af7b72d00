// npm run upgrade -- --from REF: an older build and this one on the same queue and database, up and
// back, under load and faults; then the checker.
import { UserFacingError, printProgress } from '../../infrastructure/progress.ts';
import { numberOf, optionsOf } from '../../scripts/options.ts';
import { runCommand } from '../command.ts';
import { writeReport } from '../report.ts';
import { lastRelease } from './older-build.ts';
import { upgrade } from './upgrade.ts';

const USAGE = `npm run upgrade                   from the last release (the last tag v*) to this build, and back
  --from REF          another commit, tag or branch
  --short             fewer faults
  --requests N        requests at each step (1500; 500 with --short)
  --seed N
Exit code: 0 nothing lost, doubled or violated otherwise; 1 a violation.`;

await runCommand(async (interrupted) => {
  const text = { type: 'string' } as const;
  const { values } = optionsOf({
    options: {
      help: { type: 'boolean', default: false },
      short: { type: 'boolean', default: false },
      from: text,
      requests: text,
      seed: { ...text, default: String(Date.now() % 1_000_000) },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const from = values.from ?? (await lastRelease());
  if (from === undefined) throw new UserFacingError('There is no release (tag v*) yet; name a commit with --from.');
  const long = !values.short;
  const requests = numberOf(values.requests ?? (long ? '1500' : '500'));
  const { run, record, violations } = await upgrade({ from, seed: numberOf(values.seed), requests, long }, interrupted);
  printProgress(`From ${from} to this build and back.`);
  console.log(writeReport(run, record, violations));
  return violations.length === 0 ? 0 : 1;
});
