// npm run bench [-- STUDY … --workloads create,get --seconds 6 --rounds 3 --seed 1]: see bench/README.md
import { optionsOf } from '../scripts/options.ts';
import { Obstacle, say } from '../infrastructure/progress.ts';
import type { Subject } from './figures.ts';
import { WORKLOADS, type Workload } from './load/workloads.ts';
import { machineOf } from './report/machine.ts';
import { keep } from './report/keep.ts';
import { table } from './report/table.ts';
import { STUDIES, study, type Study, type Wishes } from './studies/index.ts';
import { Arena } from './infrastructure/arena.ts';
import { findPlaces } from './infrastructure/places.ts';

const USAGE = `npm run bench                     all studies (about 45 minutes on two cores)
npm run bench -- STUDY …          some of ${STUDIES.join(', ')}
  --workloads A,B     of throughput: some of ${WORKLOADS.join(', ')}
  --seconds N         measured time of each run (6)
  --rounds N          in each the subjects take turns (3)
  --seed N            of the requests (1)
  --contacts N        what the collection grows to (2000000)
  --backlog N         requests that gather (500000)
More in bench/README.md.`;

const SUBJECTS: readonly Subject[] = ['worker', 'plain', 'echo'];

type Asked = { readonly studies: readonly Study[]; readonly subjects: readonly Subject[] } & Wishes;

/** What the command line asks for, `undefined` for help. Throws an Obstacle that says what is wrong with it. */
function wishes(): Asked | undefined {
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
    },
  });
  if (values.help) return undefined;
  const [seconds, rounds, seed, mostContacts, backlog] = (
    ['seconds', 'rounds', 'seed', 'contacts', 'backlog'] as const
  ).map((name) => {
    const number = Number(values[name]);
    if (Number.isSafeInteger(number) && number > 0) return number;
    throw new Obstacle(`--${name} must be a whole number above 0.`);
  }) as [number, number, number, number, number];
  const studies = among(STUDIES, positionals.length === 0 ? STUDIES : positionals);
  const workloads: readonly Workload[] = among(WORKLOADS, values.workloads.split(','));
  const subjects = process.env['BENCH_OTHER'] === undefined ? SUBJECTS : ([...SUBJECTS, 'other'] as const);
  return { studies, subjects, workloads, settings: { seconds, rounds, seed }, mostContacts, backlog };
}

function among<Name extends string>(known: readonly Name[], asked: readonly string[]): readonly Name[] {
  return asked.map((name) => {
    const found = known.find((one) => one === name);
    if (found === undefined) throw new Obstacle(`There is no ${name}; there are: ${known.join(', ')}.`);
    return found;
  });
}

async function main(): Promise<void> {
  const asked = wishes();
  if (asked === undefined) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const { studies, subjects, ...wanted } = asked;
  const startedAt = new Date().toISOString();
  const places = await findPlaces(process.env);
  try {
    const arena = await Arena.open(places, wanted.settings);
    try {
      for (const subject of subjects) await arena.enter(subject);
      const machine = await machineOf(arena);
      const figures = await study(arena, studies, wanted);
      const results = { startedAt, machine, settings: wanted.settings, ...figures };
      process.stdout.write(`${table(results)}\n`);
      for (const file of keep(results)) say(`Written: ${file}`);
    } finally {
      await arena.close();
    }
  } finally {
    await places.release();
  }
}

try {
  await main();
} catch (error) {
  if (!(error instanceof Obstacle)) throw error;
  say(error.message);
  process.exitCode = 1;
}
