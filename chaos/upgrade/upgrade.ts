import { join } from 'node:path';

import { ROOT } from '../../infrastructure/command.ts';
import { printProgress } from '../../infrastructure/progress.ts';
import { inject } from '../inject.ts';
import { violationsOf } from '../judge.ts';
import type { Violation } from '../report.ts';
import { RECOVERY_LIMIT_MS, runChaos, type RunRecord, type RunSettings } from '../run.ts';
import { upgradePlan, type Build } from './course.ts';
import { olderBuild } from './older-build.ts';

export interface UpgradeSettings {
  readonly from: string;
  readonly seed: number;
  /** Requests at full speed at each step. */
  readonly requests: number;
  readonly long: boolean;
}

export interface UpgradeResult {
  readonly run: RunSettings;
  readonly record: RunRecord;
  readonly violations: readonly Violation[];
}

const THIS_BUILD: Build = { name: 'this build', program: [join(ROOT, 'src/main.ts')] };

/**
 * Upgrades and downgrades three workers on one queue and database under load. Starts broker,
 * database and workers of its own; leaves its files in `.cache/upgrade/<seed>`.
 */
export async function upgrade(settings: UpgradeSettings, signal?: AbortSignal): Promise<UpgradeResult> {
  const { seed, from, requests, long } = settings;
  const build = await olderBuild(from);
  const older: Build = { name: from, program: [build.main] };
  const run: RunSettings = {
    seed,
    requests: 0,
    workers: 3,
    senders: 4,
    longFaults: false,
    removedGuard: undefined,
    limitMs: 3_600_000,
    recoveryMs: RECOVERY_LIMIT_MS,
    plan: () => [],
    poison: false,
    folder: join(ROOT, '.cache/upgrade', String(seed)),
    program: older.program,
    course: async (context, injected) => {
      const steps = upgradePlan(older, THIS_BUILD, { long });
      for (const [index, kind] of steps.entries()) {
        injected.push(await inject(kind, context, requests));
        printProgress(`${index + 1}/${steps.length} ${kind.name}; ${context.load.answered} answers`);
      }
    },
  };
  try {
    const record = await runChaos(run, signal);
    return { run, record, violations: await violationsOf(record) };
  } finally {
    build.remove();
  }
}
