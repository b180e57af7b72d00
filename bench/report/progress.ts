import { printProgress } from '../../infrastructure/progress.ts';
import type { Run } from '../figures.ts';

/** Prints one line of progress for a measurement. */
export function printRun(run: Run): void {
  const { subject, workload, inFlight, workers, round, perSecond, latency, cost, batch, failed } = run;
  const parts = [
    `round ${round}`,
    `${workload} × ${inFlight}`.padEnd(20),
    `${subject}${workers > 1 ? ` × ${workers}` : ''}`.padEnd(10),
    `${perSecond.toFixed(0).padStart(6)}/s`,
    `p50 ${latency.p50.toFixed(1)} ms, p99 ${latency.p99.toFixed(1)} ms`,
    `${cost.cpuMicros.toFixed(0)} µs`,
    ...(batch === undefined ? [] : [`batch ${batch.toFixed(1)}`]),
    ...(failed === 0 ? [] : [`${failed} FAILED`]),
  ];
  printProgress(parts.join('  '));
}
