import type { Latency } from '../figures.ts';
import type { Hostile } from './documents.ts';

/** One run: honest producers alone (`none`), beside as many others (`honest`), beside a flood. */
export interface FloodRun {
  readonly beside: 'none' | 'honest' | Hostile;
  /** Of the honest producers. */
  readonly honest: { readonly perSecond: number; readonly failed: number; readonly latency: Latency };
  /** Of whoever is beside them. */
  readonly others: { readonly perSecond: number; readonly bytesPerSecond: number; readonly bytes: number };
  /** CPU seconds of the worker for each second. */
  readonly cpu: number;
}

export interface FloodFigures {
  readonly runs: readonly FloodRun[];
  /** Bytes: after the warm-up, and the most. */
  readonly memory: { readonly before: number; readonly peak: number };
  /** Bytes of an honest request. */
  readonly honestBytes: number;
}

/** A hostile document may cost the worker as much for each byte as an honest one, and no more. */
const MAX_COST_RATIO = 1.5;
/** What PREFETCH documents of the largest size that is delivered, and their answers, need. */
const MAX_MEMORY_GROWTH = 250_000_000;
/** A stream that is slower has no share that could be measured. */
const MIN_PER_SECOND = 0.3;

/** CPU microseconds of the worker for each byte of an honest request. */
export function honestCostOf({ runs, honestBytes }: FloodFigures): number {
  const alone = runOf(runs, 'none');
  return (alone.cpu / alone.honest.perSecond / honestBytes) * 1e6;
}

/**
 * CPU microseconds of the worker for each byte of the other stream, if an honest request costs as
 * much beside it as alone.
 */
export function costOf(figures: FloodFigures, { cpu, honest, others }: FloodRun): number {
  const alone = runOf(figures.runs, 'none');
  const ours = (alone.cpu / alone.honest.perSecond) * honest.perSecond;
  return (Math.max(0, cpu - ours) / others.bytesPerSecond) * 1e6;
}

/** Returns what is wrong, one line each; empty if the flood takes no more than its share. */
export function problemsOf(figures: FloodFigures): string[] {
  const { runs, memory } = figures;
  const honest = honestCostOf(figures);
  const problems = runs.flatMap((run) => {
    const found: string[] = [];
    if (run.honest.failed > 0) found.push(`${run.beside}: ${run.honest.failed} honest requests failed`);
    if (run.honest.perSecond < MIN_PER_SECOND) found.push(`${run.beside}: honest requests stand still`);
    if (run.beside === 'none') return found;
    if (run.others.perSecond < MIN_PER_SECOND) found.push(`${run.beside}: the other stream stands still`);
    const ratio = costOf(figures, run) / honest;
    if (ratio > MAX_COST_RATIO) found.push(`${run.beside}: a byte costs ${ratio.toFixed(2)}× an honest one`);
    return found;
  });
  const growth = memory.peak - memory.before;
  if (growth > MAX_MEMORY_GROWTH) problems.push(`memory grew by ${Math.round(growth / 1e6)} MB`);
  return problems;
}

function runOf(runs: readonly FloodRun[], beside: FloodRun['beside']): FloodRun {
  const found = runs.find((run) => run.beside === beside);
  if (found === undefined) throw new Error(`there is no run beside ${beside}`);
  return found;
}
