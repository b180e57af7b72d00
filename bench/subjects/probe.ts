// Preloaded into each measured process (node --import); reports what the process has used since the
// last `reset`.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

import type { LoopDelay } from '../figures.ts';
import { usageOf } from './usage.ts';

/** What a process has used since the last `reset`; `peakMiB` since its start. */
export interface Reading {
  readonly cpuMicros: number;
  /** Absent of a program without a JavaScript heap. */
  readonly allocatedBytes?: number;
  readonly peakMiB: number;
  readonly loop?: LoopDelay;
}

// A timer of 1 ms shows a hold of 5 ms as 5 to 6, one of 5 ms as 5 to 10. It wakes an idle process and
// uses 1.5 % of a core, which lone requests would pay for, so they are measured without it. Sampling
// per iteration costs nothing, but does not see the callbacks of sockets.
const RESOLUTION_MS = 1;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
let watched = false;
let atReset = { cpuMicros: 0, allocatedBytes: 0 };

function used(): { cpuMicros: number; allocatedBytes: number } {
  const { user, system } = process.cpuUsage();
  // Node 26 has it; its types do not yet.
  const { total_allocated_bytes: allocatedBytes = 0 } = getHeapStatistics() as { total_allocated_bytes?: number };
  return { cpuMicros: user + system, allocatedBytes };
}

/** The monitor counts the time between two of its own ticks. */
function loopDelay(): LoopDelay {
  const ms = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
  return { p50: ms(delay.percentile(50)), p99: ms(delay.percentile(99)), max: ms(delay.max) };
}

/**
 * Linux begins a child's `maxRSS` with what its parent held when it started the child, so a small
 * process would seem as large as the benchmark.
 */
function peakMiB(): number {
  return usageOf(process.pid)?.peakMiB ?? process.resourceUsage().maxRSS / 1024;
}

process.on('message', (question) => {
  const now = used();
  if (question !== 'read') {
    watched = question === 'reset';
    if (watched) delay.enable();
    else delay.disable();
    delay.reset();
    atReset = now;
  }
  const reading: Reading = {
    cpuMicros: now.cpuMicros - atReset.cpuMicros,
    allocatedBytes: now.allocatedBytes - atReset.allocatedBytes,
    peakMiB: peakMiB(),
    ...(watched && { loop: loopDelay() }),
  };
  process.send?.(reading);
});
// The benchmark has ended.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
// The channel must not keep a process alive that has finished.
process.channel?.unref();
