// npm run bench [-- STUDY … --workloads create,get --seconds 6 --rounds 3 --seed 1]: see
// bench/README.md
import { optionsOf } from '../scripts/options.ts';
import { UserFacingError, printProgress } from '../infrastructure/progress.ts';
import type { Subject } from './figures.ts';
import { WORKLOADS, type Workload } from './load/workloads.ts';
import { machineOf } from './report/machine.ts';
import { writeFiles } from './report/files.ts';
import { table } from './report/table.ts';
import { STUDIES, study, type Study, type StudyOptions } from './studies/index.ts';
import { importStudy, writeImportResults } from './studies/import.ts';
import { Testbed } from './infrastructure/testbed.ts';
import { findEndpoints } from './infrastructure/endpoints.ts';

/** The longest file that import writes: about 150 MB, and an hour. */
const MAX_ROWS = 2_000_000;
/** Not among the studies, as `npm run bench` would run it, too. */
const IMPORT = 'import';

const USAGE = `npm run bench                     all studies (about 45 minutes on two cores)
npm run bench -- STUDY …          only these: ${STUDIES.join(', ')}
npm run bench -- import           an import over a forced break (about 25 minutes)
  --workloads A,B     of throughput: ${WORKLOADS.join(', ')}
  --seconds N         measured time of each run (6)
  --rounds N          rounds; the subjects take turns in each (3)
  --seed N            seed of the requests (1)
  --contacts N        final size of the collection (2000000)
  --backlog N         requests that queue up (500000)
  --rows N            of import, at most ${MAX_ROWS} (1000000)
More in bench/README.md.`;

const SUBJECTS: readonly Subject[] = ['worker', 'plain', 'echo'];

type CommandLine = {
  readonly studies: readonly Study[];
  readonly subjects: readonly Subject[];
  /** Rows to import, in place of the studies. */
  readonly rows: number | undefined;
} & StudyOptions;

/**
 * Parses the command line; `undefined` for help. Throws a UserFacingError that says what is wrong.
 */
function parseCommandLine(): CommandLine | undefined {
  const text = { type: 'string' } as const;
  const { values, positionals } = optionsOf({
    allowPositionals: true,
    options: {
      help: { type: 'boolean', default: false },
      seconds: { ...text, default: '6' },
      rounds: { ...text, default: '3' },
      seed: { ...text, default: '1' },
      workloads: { ...text, default: WORKLOADS.join(',') },
      contacts: { ...text, default: '2000000' },
      backlog: { ...text, default: '500000' },
      rows: { ...text, default: '1000000' },
    },
  });
  if (values.help) return undefined;
  const [seconds, rounds, seed, maxContacts, backlog, rows] = (
    ['seconds', 'rounds', 'seed', 'contacts', 'backlog', 'rows'] as const
  ).map((name) => {
    const number = Number(values[name]);
    if (Number.isSafeInteger(number) && number > 0) return number;
    throw new UserFacingError(`--${name} must be a whole number above 0.`);
  }) as [number, number, number, number, number, number];
  const settings = { seconds, rounds, seed };
  if (positionals[0] === IMPORT && positionals.length === 1) {
    if (rows > MAX_ROWS) throw new UserFacingError(`--rows must be at most ${MAX_ROWS}.`);
    return { studies: [], subjects: ['worker'], workloads: [], settings, maxContacts, backlog, rows };
  }
  const studies = among(STUDIES, positionals.length === 0 ? STUDIES : positionals);
  const workloads: readonly Workload[] = among(WORKLOADS, values.workloads.split(','));
  const subjects = process.env['BENCH_OTHER'] === undefined ? SUBJECTS : ([...SUBJECTS, 'other'] as const);
  return { studies, subjects, workloads, settings, maxContacts, backlog, rows: undefined };
}

function among<Name extends string>(known: readonly Name[], asked: readonly string[]): readonly Name[] {
  return asked.map((name) => {
    const found = known.find((one) => one === name);
    if (found === undefined) throw new UserFacingError(`Unknown name ${name}; known: ${known.join(', ')}.`);
    return found;
  });
}

async function main(): Promise<void> {
  const asked = parseCommandLine();
  if (asked === undefined) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const { studies, subjects, rows, ...wanted } = asked;
  const startedAt = new Date().toISOString();
  const endpoints = await findEndpoints(process.env);
  try {
    const testbed = await Testbed.open(endpoints, wanted.settings);
    try {
      for (const subject of subjects) await testbed.deploy(subject);
      const machine = await machineOf(testbed);
      if (rows !== undefined) {
        const imported = await importStudy(testbed, rows, wanted.settings.rounds);
        const results = { startedAt, machine, settings: wanted.settings, ...imported };
        process.stdout.write(`${JSON.stringify(results, undefined, 1)}\n`);
        printProgress(`Written: ${writeImportResults(startedAt, results)}`);
        return;
      }
      const figures = await study(testbed, studies, wanted);
      const results = { startedAt, machine, settings: wanted.settings, ...figures };
      process.stdout.write(`${table(results)}\n`);
      for (const file of writeFiles(results)) printProgress(`Written: ${file}`);
    } finally {
      await testbed.close();
    }
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
