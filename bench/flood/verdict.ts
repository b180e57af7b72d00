import type { Latency } from '../figures.ts';
import { median as medianOf } from '../report/summary.ts';
import type { Hostile } from './documents.ts';

/** Who is beside the honest producer: nobody, another honest one, or a flood. */
export type Beside = 'none' | 'honest' | Hostile;

export interface FloodRun {
  readonly beside: Beside;
  /** Of the honest producer. */
  readonly honest: { readonly perSecond: number; readonly failed: number; readonly latency: Latency };
  /** Of whoever is beside it; all 0 where nobody is. */
  readonly others: { readonly perSecond: number; readonly bytesPerSecond: number; readonly bytes: number };
  /** CPU seconds of the worker for each second. */
  readonly cpu: number;
}

export interface FloodFigures {
  /** Each with every kind once, and `honest` at its beginning and end. */
  readonly rounds: readonly (readonly FloodRun[])[];
  /** Bytes: after the warm-up, and the most. */
  readonly memory: { readonly before: number; readonly peak: number };
  /** Bytes of an honest request. */
  readonly honestBytes: number;
}

/** What a kind costs, as medians over the rounds. */
export interface Cost {
  readonly beside: Beside;
  readonly honest: FloodRun['honest'];
  readonly others: FloodRun['others'];
  /** Honest throughput, relative to that beside a second honest producer at full speed. */
  readonly share: number;
  /** Honest throughput, relative to that beside honest requests of as many bytes in the queue. */
  readonly shareByBytes: number;
  /** The worker's CPU time for a message, and for a byte, relative to a further honest request's. */
  readonly costOfMessage: number;
  readonly costOfByte: number;
}

/** The smallest share that is fair. A machine that other programs use as well needs a smaller one. */
export const FAIR_SHARE = 0.8;
/**
 * Kinds that the worker does not hold all of. The rest of their cost is the broker's, which stores and
 * sends every byte before the worker can refuse one: only limits at the broker bound it.
 */
const BROKER_BOUND: readonly Beside[] = ['oversized', 'huge', 'headers'];
/** The most that a byte of a hostile document may cost the worker, relative to a further honest one. */
const MAX_COST_OF_BYTE = 0.4;
/**
 * Bodies of 4 MiB arrive at 260 MB a second here, in buffers of 64 KiB that live until the next
 * collection: 290 MiB in all. Without the limits it is gigabytes.
 */
const MAX_MEMORY = 384 * 1024 * 1024;
/** A stream that is slower has no share that could be measured. */
const MIN_PER_SECOND = 0.3;

/** One entry for each kind, in the order of the first round. */
export function costsOf(figures: FloodFigures): Cost[] {
  const kinds = new Set(figures.rounds.flat().map(({ beside }) => beside));
  return [...kinds].map((beside) => {
    const costs = figures.rounds.flatMap((round) => costsIn(round, beside, figures.honestBytes));
    const median = (of: (cost: Cost) => number): number => medianOf(costs.map(of));
    const latency = (of: (latency: Latency) => number): number => median((cost) => of(cost.honest.latency));
    return {
      beside,
      honest: {
        perSecond: median(({ honest }) => honest.perSecond),
        failed: costs.reduce((sum, { honest }) => sum + honest.failed, 0),
        latency: {
          p50: latency((l) => l.p50),
          p90: latency((l) => l.p90),
          p99: latency((l) => l.p99),
          max: latency((l) => l.max),
        },
      },
      others: {
        perSecond: median(({ others }) => others.perSecond),
        bytesPerSecond: median(({ others }) => others.bytesPerSecond),
        bytes: median(({ others }) => others.bytes),
      },
      share: median((cost) => cost.share),
      shareByBytes: median((cost) => cost.shareByBytes),
      costOfMessage: median((cost) => cost.costOfMessage),
      costOfByte: median((cost) => cost.costOfByte),
    };
  });
}

function costsIn(round: readonly FloodRun[], beside: Beside, honestBytes: number): Cost[] {
  const pairs = round.filter((run) => run.beside === 'honest');
  const mean = (of: (run: FloodRun) => number): number => pairs.reduce((sum, run) => sum + of(run), 0) / pairs.length;
  const fair = mean(({ honest }) => honest.perSecond);
  const capacity = mean(({ honest, others }) => honest.perSecond + others.perSecond);
  const further = mean(({ cpu, honest, others }) => cpu / (honest.perSecond + others.perSecond));
  return round
    .filter((run) => run.beside === beside)
    .map(({ honest, others, cpu }) => {
      const cost = Math.max(0, cpu - further * honest.perSecond) / others.perSecond / further;
      return {
        beside,
        honest,
        others,
        share: honest.perSecond / fair,
        shareByBytes: honest.perSecond / (capacity / (1 + others.bytes / honestBytes)),
        costOfMessage: cost,
        costOfByte: (cost / others.bytes) * honestBytes,
      };
    });
}

/** Returns what is wrong, one line each; empty if the flood takes no more than its share. */
export function problemsOf(figures: FloodFigures, minShare = FAIR_SHARE): string[] {
  const problems = costsOf(figures).flatMap((cost) => {
    const { beside, honest, others, share, costOfByte } = cost;
    const found: string[] = [];
    if (honest.failed > 0) found.push(`${beside}: ${honest.failed} honest requests failed`);
    if (honest.perSecond < MIN_PER_SECOND) found.push(`${beside}: honest requests stand still`);
    if (beside === 'none') return found;
    if (others.perSecond < MIN_PER_SECOND) found.push(`${beside}: the other stream stands still`);
    if (beside === 'honest') return found;
    if (share < minShare && !BROKER_BOUND.includes(beside)) {
      found.push(`${beside}: honest throughput is ${share.toFixed(2)}× of that beside an honest producer`);
    }
    if (costOfByte > MAX_COST_OF_BYTE) found.push(`${beside}: a byte costs ${costOfByte.toFixed(2)}× an honest one`);
    return found;
  });
  const { peak } = figures.memory;
  if (peak > MAX_MEMORY) problems.push(`memory: ${Math.round(peak / 1024 / 1024)} MiB`);
  return problems;
}
