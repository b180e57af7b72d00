// npm run bench [-- --seconds 6 --rounds 3 --seed 1 --workloads create,get --subjects worker,plain]
import { parseArgs } from 'node:util';

import { Obstacle, say } from '../scripts/surroundings/progress.ts';
import type { Subject } from './figures.ts';
import { WORKLOADS, type Workload } from './load/workloads.ts';
import { throughput } from './studies/throughput.ts';
import { Arena } from './surroundings/arena.ts';
import { findPlaces } from './surroundings/places.ts';

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      seconds: { ...text, default: '6' },
      rounds: { ...text, default: '3' },
      seed: { ...text, default: '1' },
      workloads: { ...text, default: WORKLOADS.join(',') },
      subjects: { ...text, default: 'worker,plain,echo' },
    },
  });
  const settings = { seconds: Number(values.seconds), rounds: Number(values.rounds), seed: Number(values.seed) };
  const places = await findPlaces(process.env);
  try {
    const arena = await Arena.open(places, settings);
    try {
      for (const subject of values.subjects.split(',') as Subject[]) await arena.enter(subject);
      await throughput(arena, values.workloads.split(',') as Workload[]);
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
