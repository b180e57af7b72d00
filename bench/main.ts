// npm run bench [-- study … --seconds 6 --rounds 3 --seed 1 --workloads create,get]
import { parseArgs } from 'node:util';

import { Obstacle, say } from '../scripts/surroundings/progress.ts';
import type { Results, Subject } from './figures.ts';
import { WORKLOADS, type Workload } from './load/workloads.ts';
import { inFlight, throughput, workers } from './studies/throughput.ts';
import { findPlaces } from './surroundings/places.ts';
import { Arena } from './surroundings/arena.ts';

const STUDIES = ['throughput', 'in-flight', 'workers'] as const;

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seconds: { ...text, default: '6' },
      rounds: { ...text, default: '3' },
      seed: { ...text, default: '1' },
      workloads: { ...text, default: WORKLOADS.join(',') },
      subjects: { ...text, default: 'worker,plain,echo' },
      'keep-servers': { type: 'boolean', default: false },
    },
  });
  const settings = { seconds: Number(values.seconds), rounds: Number(values.rounds), seed: Number(values.seed) };
  const places = await findPlaces(process.env);
  try {
    const arena = await Arena.open(places, settings);
    try {
      for (const subject of values.subjects.split(',') as Subject[]) await arena.enter(subject);
      const workloads = values.workloads.split(',') as Workload[];
      await throughput(arena, workloads);
    } finally {
      await arena.close();
    }
  } finally {
    await places.release();
  }
}

await main();
