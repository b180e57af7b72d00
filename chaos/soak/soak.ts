import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { ROOT, startOptions } from '../../infrastructure/command.ts';
import { violationsOf } from '../judge.ts';
import type { Violation } from '../report.ts';
import { RECOVERY_LIMIT_MS, runChaos, type RunRecord, type RunSettings } from '../run.ts';
import { soakCourse, type Calm, type CourseSettings } from './course.ts';
import { samplesIn } from './sample.ts';
import { findingsOf, latenciesOf, seriesOf, type Finding, type LatencyRow, type WorkerSeries } from './series.ts';

const SAMPLING = fileURLToPath(new URL('./sampling.ts', import.meta.url));
const MAIN = join(ROOT, 'src/main.ts');
const WARM_UP_SHARE = 0.2;
/** At most this many samples of each worker; each is compared with each other. */
const SAMPLES = 240;

export interface SoakSettings extends CourseSettings {
  readonly seed: number;
  readonly workers: number;
  /** Planted into the first worker, see planted-leak.ts. */
  readonly leak?: string | undefined;
}

export interface SoakResult {
  readonly record: RunRecord;
  readonly run: RunSettings;
  readonly violations: readonly Violation[];
  readonly workers: readonly WorkerSeries[];
  readonly latencies: readonly LatencyRow[];
  readonly findings: readonly Finding[];
  readonly warmUpS: number;
}

/**
 * Runs `src/main.ts` under load and faults, samples each process, and judges whether anything grew.
 * Starts broker, database and workers of its own; leaves its files in `.cache/soak/<seed>`.
 */
export async function soak(settings: SoakSettings, signal?: AbortSignal): Promise<SoakResult> {
  const { seed, workers: count, spared, minutes, leak } = settings;
  const folder = join(ROOT, '.cache/soak', String(seed));
  rmSync(folder, { recursive: true, force: true });
  const fileOf = (worker: number): string => join(folder, `samples-${worker}.csv`);
  const intervalS = Math.max(1, Math.round((minutes * 60) / SAMPLES));
  let calms: readonly Calm[] = [];
  let zeroAt = 0;
  const run: RunSettings = {
    seed,
    folder,
    requests: 0,
    workers: count,
    senders: 4,
    longFaults: false,
    removedGuard: undefined,
    limitMs: minutes * 60_000,
    recoveryMs: RECOVERY_LIMIT_MS,
    plan: () => [],
    poison: false,
    program: [...startOptions(), '--expose-gc', '--import', SAMPLING, MAIN],
    environmentOf: (worker) => ({
      MALLOC_ARENA_MAX: '1',
      SAMPLES_FILE: fileOf(worker),
      SAMPLE_EVERY_MS: String(intervalS * 1000),
      ...(leak !== undefined && worker === 1 && { PLANTED_LEAK: leak }),
    }),
    course: async (context, injected) => {
      zeroAt = Date.now() - context.journal.now() / 1e6;
      calms = await soakCourse(settings, context, injected);
    },
  };
  const record = await runChaos(run, signal);
  const workers = Array.from({ length: count }, (_, index) =>
    seriesOf(index + 1, samplesIn(fileOf(index + 1)), { zeroAt, calms, spared }),
  );
  const latencies = latenciesOf(record.journal, calms, intervalS);
  const warmUpS = (calms[0]?.from ?? 0) / 1e9 + WARM_UP_SHARE * minutes * 60;
  const findings = findingsOf(workers, latencies, warmUpS);
  return { record, run, violations: await violationsOf(record), workers, latencies, findings, warmUpS };
}
