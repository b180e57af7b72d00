// Loaded into each measured process (node --import): tells what the process has used since the last `reset`.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

/** What a process has used, since the last `reset`; `peakMiB` since it began. */
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
  // In Node 26, and not yet in its types.
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
    // It counts the time between two of its own ticks.
    loopDelayP99: Math.max(0, delay.percentile(99) / 1e6 - RESOLUTION_MS),
  };
  process.send?.(reading);
});
// Nobody measures it any more.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
// The channel must not keep a process alive that has ended its work.
process.channel?.unref();
