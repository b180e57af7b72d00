import type { Results, Run } from '../../../bench/figures.ts';

/** Returns one measurement with plain figures. */
export function run(given: Partial<Run>): Run {
  return {
    subject: 'worker',
    workload: 'create',
    inFlight: 256,
    workers: 1,
    contacts: 20_000,
    round: 1,
    requests: 6_000,
    seconds: 6,
    perSecond: 1_000,
    failed: 0,
    latency: { p50: 10, p90: 20, p99: 30, max: 40 },
    cost: { cpuMicros: 100, allocatedBytes: 51_200, peakMiB: 150, loop: { p50: 1, p99: 5, max: 9 } },
    batch: 80,
    ...given,
  };
}

/** Returns one measurement of a program that is not Node.js, as a file of results keeps it. */
export function foreignRun(given: Partial<Run>): Run {
  return run({ ...given, batch: undefined, cost: { cpuMicros: 100, peakMiB: 150 } });
}

/** Returns results that hold only what is given. */
export function results(given: Partial<Results>): Results {
  return {
    startedAt: '2026-01-02T03:04:05.000Z',
    machine: { processor: 'P < Q', cores: 2, memoryGiB: 24, system: 'Linux', versions: { node: 'v22' } },
    settings: { seed: 1, rounds: 3, seconds: 6 },
    throughput: [],
    latency: [],
    longLists: [],
    coldStart: [],
    inFlight: [],
    workers: [],
    growth: [],
    pages: [],
    raw: [],
    client: [],
    fairness: [],
    backlog: [],
    ...given,
  };
}
