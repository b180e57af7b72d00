// Preloaded into each measured process (node --import); reports what the process has used since the
// last `reset`.
import { monitorEventLoopDelay, type EventLoopMonitorOptions } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

import type { LoopHolds } from '../figures.ts';

/** What a process has used since the last `reset`; `peakMiB` since its start. */
export interface Reading {
  readonly cpuMicros: number;
  readonly allocatedBytes: number;
  readonly peakMiB: number;
  readonly loop?: LoopHolds;
}

// One sample for each turn of the loop. A monitor with a timer of 5 ms would use 0.4 % of a core (of
// 1 ms 1.5 %), which a lone request pays for, and would show a hold of 5 ms as anything from 0 to 5.
// Node 26 has the option; its types do not yet.
const holds = monitorEventLoopDelay({ samplePerIteration: true } as EventLoopMonitorOptions);
holds.enable();
let atReset = { cpuMicros: 0, allocatedBytes: 0 };

function used(): { cpuMicros: number; allocatedBytes: number } {
  const { user, system } = process.cpuUsage();
  // Node 26 has it; its types do not yet.
  const { total_allocated_bytes: allocatedBytes = 0 } = getHeapStatistics() as { total_allocated_bytes?: number };
  return { cpuMicros: user + system, allocatedBytes };
}

process.on('message', (question) => {
  const now = used();
  if (question === 'reset') {
    holds.reset();
    atReset = now;
  }
  const reading: Reading = {
    cpuMicros: now.cpuMicros - atReset.cpuMicros,
    allocatedBytes: now.allocatedBytes - atReset.allocatedBytes,
    peakMiB: process.resourceUsage().maxRSS / 1024,
    loop: { p50: holds.percentile(50) / 1e6, p99: holds.percentile(99) / 1e6, max: holds.max / 1e6 },
  };
  process.send?.(reading);
});
// The benchmark has ended.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
// The channel must not keep a process alive that has finished.
process.channel?.unref();
