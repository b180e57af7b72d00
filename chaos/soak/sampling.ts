// Loaded before the worker's own main file (`node --import`): samples the process into a file.
import { appendFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

import { plantLeak } from './planted-leak.ts';
import { COLUMNS, type Sample } from './sample.ts';

const MIB = 1024 * 1024;

function startSampling(file: string, everyMs: number): void {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  const sample = (): void => {
    const [loopP99Ms, loopMaxMs] = [delay.percentile(99) / 1e6, delay.max / 1e6];
    delay.disable();
    // What a collection frees is no leak. Its own pause must not count as the worker's.
    globalThis.gc?.();
    const { rss, heapUsed, external } = process.memoryUsage();
    const handles = process.getActiveResourcesInfo().length;
    const memory = { rssMiB: rss / MIB, heapMiB: heapUsed / MIB, externalMiB: external / MIB };
    const row: Sample = { at: Date.now(), pid: process.pid, ...memory, handles, loopP99Ms, loopMaxMs };
    appendFileSync(file, `${COLUMNS.map((name) => Math.round(row[name] * 1000) / 1000).join(',')}\n`);
    delay.reset();
    delay.enable();
  };
  delay.enable();
  setInterval(sample, everyMs).unref();
}

const { SAMPLES_FILE: file, SAMPLE_EVERY_MS: everyMs, PLANTED_LEAK: leak } = process.env;
if (file !== undefined) startSampling(file, Number(everyMs));
if (leak !== undefined) plantLeak(leak);
