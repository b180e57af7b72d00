// Preloaded into each measured process (node --import); reports what the process has used since the
// last `reset`.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

/** What a process has used since the last `reset`; `peakMiB` since its start. */
export interface Reading {
  readonly cpuMicros: number;
  readonly allocatedBytes: number;
  readonly peakMiB: number;
  readonly loopDelayP99: number;
}

const RESOLUTION_MS = 5;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();
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
    delay.reset();
    atReset = now;
  }
  const reading: Reading = {
    cpuMicros: now.cpuMicros - atReset.cpuMicros,
    allocatedBytes: now.allocatedBytes - atReset.allocatedBytes,
    peakMiB: process.resourceUsage().maxRSS / 1024,
    // The monitor counts the time between two of its own ticks.
    loopDelayP99: Math.max(0, delay.percentile(99) / 1e6 - RESOLUTION_MS),
  };
  process.send?.(reading);
});
// The benchmark has ended.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
// The channel must not keep a process alive that has finished.
process.channel?.unref();
