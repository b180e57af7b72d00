// npm run bench [-- STUDY … --workloads create,get --seconds 6 --rounds 3 --seed 1]: see
// bench/README.md
import { optionsOf } from '../scripts/options.ts';
import { UserFacingError, printProgress } from '../infrastructure/progress.ts';
import type { Machine, Subject } from './figures.ts';
import { WORKLOADS, type Workload } from './load/workloads.ts';
import { machineOf } from './report/machine.ts';
import { PAGE, writeComparison } from './report/comparison-file.ts';
import { writeFiles, writeResults } from './report/files.ts';
import { table } from './report/table.ts';
import { clientMemory } from './studies/client-memory.ts';
import { COMPARISON, STUDIES, study, type Study, type StudyOptions } from './studies/index.ts';
import { fleet, fleetTable } from './studies/fleet.ts';
import { importStudy } from './studies/import.ts';
import { queues } from './studies/queues.ts';
import { buildPeers, PEERS, type Peer } from './subjects/peers.ts';
import { Testbed, type BenchSettings } from './infrastructure/testbed.ts';
import { findEndpoints, type Endpoints } from './infrastructure/endpoints.ts';

/** The longest file that import writes: about 150 MB, and an hour. */
const MAX_ROWS = 2_000_000;
/** Not among the studies of a full run: they take long, or need other processes. */
const INSTEAD = ['comparison', 'import', 'fleet', 'queues', 'client-memory'] as const;

const USAGE = `npm run bench                     all studies (about 45 minutes on two cores)
npm run bench -- STUDY …          only these: ${STUDIES.join(', ')}
npm run bench -- comparison       ${COMPARISON.join(', ')}; writes ${PAGE}
npm run bench -- import           an import over a forced break (about 25 minutes)
npm run bench -- fleet            ten workers with equal and ranked priorities (about 8 minutes)
npm run bench -- queues           1, 2 and 4 request queues (six minutes)
npm run bench -- client-memory    memory of the client library over --calls N calls (1000000)
  --workloads A,B     of throughput and latency: ${WORKLOADS.join(', ')}
  --peers A,B         further subjects: ${PEERS.join(', ')} (none)
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
  /** Workers on other stacks. */
  readonly peers: readonly Peer[];
  /** What runs in place of the studies. */
  readonly instead: (typeof INSTEAD)[number] | undefined;
  readonly calls: number;
  readonly rows: number;
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
      peers: { ...text, default: '' },
      contacts: { ...text, default: '2000000' },
      backlog: { ...text, default: '500000' },
      calls: { ...text, default: '1000000' },
      rows: { ...text, default: '1000000' },
    },
  });
  if (values.help) return undefined;
  const [seconds, rounds, seed, maxContacts, backlog, calls, rows] = (
    ['seconds', 'rounds', 'seed', 'contacts', 'backlog', 'calls', 'rows'] as const
  ).map((name) => {
    const number = Number(values[name]);
    if (Number.isSafeInteger(number) && number > 0) return number;
    throw new UserFacingError(`--${name} must be a whole number above 0.`);
  }) as [number, number, number, number, number, number, number];
  if (rows > MAX_ROWS) throw new UserFacingError(`--rows must be at most ${MAX_ROWS}.`);
  const [first] = positionals;
  const instead = positionals.length === 1 ? INSTEAD.find((name) => name === first) : undefined;
  const studies = among(STUDIES, positionals.length === 0 || instead !== undefined ? STUDIES : positionals);
  const workloads: readonly Workload[] = among(WORKLOADS, values.workloads.split(','));
  const peers = among(PEERS, values.peers.split(',').filter(Boolean));
  const subjects = process.env['BENCH_OTHER'] === undefined ? SUBJECTS : ([...SUBJECTS, 'other'] as const);
  const settings = { seconds, rounds, seed };
  return { studies, subjects, peers, workloads, settings, maxContacts, backlog, instead, calls, rows };
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
  if (asked.instead !== undefined && asked.instead !== 'comparison' && asked.peers.length > 0)
    throw new UserFacingError(`--peers belongs to the studies: ${asked.instead} measures the worker alone.`);
  const subjects = [...asked.subjects, ...(await buildPeers(asked.peers))];
  const endpoints = await findEndpoints(process.env);
  try {
    if (asked.instead === undefined) await runStudies({ ...asked, subjects }, endpoints);
    else if (asked.instead === 'comparison') await runComparison({ ...asked, subjects }, endpoints);
    else if (asked.instead === 'import') await runImport(asked, endpoints);
    else if (asked.instead === 'fleet') await runFleet(asked, endpoints);
    else if (asked.instead === 'queues')
      process.stdout.write(`${(await queues(endpoints, asked.settings)).join('\n')}\n`);
    else process.stdout.write(`${(await clientMemory(endpoints.amqpUrl, asked.calls)).join('\n')}\n`);
  } finally {
    await endpoints.release();
  }
}

/** Returns the file of the results. */
async function runStudies({ studies, subjects, ...wanted }: CommandLine, endpoints: Endpoints): Promise<string> {
  let json = '';
  await withTestbed(wanted.settings, endpoints, subjects, async (testbed, about) => {
    const results = { ...about, ...(await study(testbed, studies, wanted)) };
    process.stdout.write(`${table(results)}\n`);
    const files = writeFiles(results);
    for (const file of files) printProgress(`Written: ${file}`);
    json = files.find((file) => file.endsWith('.json')) ?? '';
  });
  return json;
}

async function runComparison(asked: CommandLine, endpoints: Endpoints): Promise<void> {
  await writeComparison(await runStudies({ ...asked, studies: COMPARISON }, endpoints));
  printProgress(`Written: ${PAGE}`);
}

async function runImport({ rows, settings }: CommandLine, endpoints: Endpoints): Promise<void> {
  await withTestbed(settings, endpoints, ['worker'], async (testbed, about) => {
    const results = { ...about, ...(await importStudy(testbed, rows, settings.rounds)) };
    process.stdout.write(`${JSON.stringify(results, undefined, 1)}\n`);
    printProgress(`Written: ${writeResults('import', results.startedAt, results)}`);
  });
}

async function runFleet({ settings }: CommandLine, endpoints: Endpoints): Promise<void> {
  await withTestbed(settings, endpoints, ['worker'], async (testbed, about) => {
    const runs = await fleet(testbed);
    process.stdout.write(`${fleetTable(runs)}\n`);
    printProgress(`Written: ${writeResults('fleet', about.startedAt, { ...about, runs })}`);
  });
}

/** When, where and how figures were measured. */
interface About {
  readonly startedAt: string;
  readonly machine: Machine;
  readonly settings: BenchSettings;
}

/** Deploys the subjects, runs `measure`, and removes them. */
async function withTestbed(
  settings: BenchSettings,
  endpoints: Endpoints,
  subjects: readonly Subject[],
  measure: (testbed: Testbed, about: About) => Promise<void>,
): Promise<void> {
  const startedAt = new Date().toISOString();
  const testbed = await Testbed.open(endpoints, settings);
  try {
    for (const subject of subjects) await testbed.deploy(subject);
    await measure(testbed, { startedAt, machine: await machineOf(testbed), settings });
  } finally {
    await testbed.close();
  }
}

try {
  await main();
} catch (error) {
  if (!(error instanceof UserFacingError)) throw error;
  printProgress(error.message);
  process.exitCode = 1;
}
