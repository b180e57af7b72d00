import type { LoopHolds, Run } from '../figures.ts';
import { median } from '../report/summary.ts';
import { latencyOf } from './latency.ts';

/** What one subject did and used in one turn. */
export interface Turn {
  /** Milliseconds to the answer of each request. */
  readonly times: readonly number[];
  readonly failed: number;
  readonly seconds: number;
  readonly cpuMicros: number;
  readonly allocatedBytes: number;
  /** Since the process started. */
  readonly peakMiB: number;
  readonly loop?: LoopHolds;
}

/** The figures of a run that its turns give. */
export type TurnsTotal = Pick<Run, 'requests' | 'seconds' | 'perSecond' | 'failed' | 'latency' | 'cost'>;

/**
 * Returns the turns of one subject as one run: percentiles over all requests, the longest hold of
 * the event loop, and the median of the turns' other holds.
 */
export function totalOf(turns: readonly Turn[]): TurnsTotal {
  const sum = (figure: (turn: Turn) => number): number => turns.reduce((total, turn) => total + figure(turn), 0);
  const times = turns.flatMap((turn) => turn.times);
  const seconds = sum((turn) => turn.seconds);
  const loops = turns.flatMap(({ loop }) => loop ?? []);
  return {
    requests: times.length,
    seconds,
    perSecond: times.length / seconds,
    failed: sum((turn) => turn.failed),
    latency: latencyOf(times),
    cost: {
      cpuMicros: sum((turn) => turn.cpuMicros) / times.length,
      allocatedBytes: sum((turn) => turn.allocatedBytes) / times.length,
      peakMiB: Math.max(...turns.map(({ peakMiB }) => peakMiB)),
      ...(loops.length > 0 && {
        loop: {
          p50: median(loops.map(({ p50 }) => p50)),
          p99: median(loops.map(({ p99 }) => p99)),
          max: Math.max(...loops.map(({ max }) => max)),
        },
      }),
    },
  };
}
