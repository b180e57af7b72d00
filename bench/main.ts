// npm run bench [-- STUDY … --workloads create,get --seconds 6 --rounds 3 --seed 1]: see bench/README.md
import { parseArgs } from 'node:util';

import { Obstacle, say } from '../scripts/surroundings/progress.ts';
import type { Subject } from './figures.ts';
import { WORKLOADS, type Workload } from './load/workloads.ts';
import { machineOf } from './report/machine.ts';
import { keep } from './report/keep.ts';
import { table } from './report/table.ts';
import { STUDIES, study, type Study, type Wishes } from './studies/index.ts';
import { Arena } from './surroundings/arena.ts';
import { findPlaces } from './surroundings/places.ts';

const SUBJECTS: readonly Subject[] = ['worker', 'plain', 'echo'];

/** What the command line asks for. Throws an Obstacle that says what is wrong with it. */
function wishes(): { readonly studies: readonly Study[]; readonly subjects: readonly Subject[] } & Wishes {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seconds: { ...text, default: '6' },
      rounds: { ...text, default: '3' },
      seed: { ...text, default: '1' },
      workloads: { ...text, default: WORKLOADS.join(',') },
      contacts: { ...text, default: '2000000' },
      backlog: { ...text, default: '500000' },
    },
  });
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
  const { studies, subjects, ...wanted } = wishes();
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
