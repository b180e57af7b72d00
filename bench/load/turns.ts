import type { Run } from '../figures.ts';
import { latencyOf } from './latency.ts';

/** What one subject did and used in one turn. */
export interface Turn {
  /** Milliseconds to the answer of each request. */
  readonly times: readonly number[];
  readonly failed: number;
  readonly seconds: number;
  readonly cpuMicros: number;
  /** Absent of a program without a JavaScript heap. */
  readonly allocatedBytes?: number;
  /** Since the process started. */
  readonly peakMiB: number;
}

/** The figures of a run that its turns give. */
export type TurnsTotal = Pick<Run, 'requests' | 'seconds' | 'perSecond' | 'failed' | 'latency' | 'cost'>;

/** Returns the turns of one subject as one run: its percentiles are of all requests together. */
export function totalOf(turns: readonly Turn[]): TurnsTotal {
  const sum = (figure: (turn: Turn) => number): number => turns.reduce((total, turn) => total + figure(turn), 0);
  const times = turns.flatMap((turn) => turn.times);
  const seconds = sum((turn) => turn.seconds);
  const hasHeap = turns.every(({ allocatedBytes }) => allocatedBytes !== undefined);
  return {
    requests: times.length,
    seconds,
    perSecond: times.length / seconds,
    failed: sum((turn) => turn.failed),
    latency: latencyOf(times),
    cost: {
      cpuMicros: sum((turn) => turn.cpuMicros) / times.length,
      ...(hasHeap && { allocatedBytes: sum(({ allocatedBytes = 0 }) => allocatedBytes) / times.length }),
      peakMiB: Math.max(...turns.map(({ peakMiB }) => peakMiB)),
    },
  };
}
