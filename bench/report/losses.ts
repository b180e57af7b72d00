import type { Results, Run, Subject } from '../figures.ts';
import { byLoad, subjectsOf } from './subject-rows.ts';
import { ratios, spreadOf, type Spread } from './summary.ts';

/** A figure in which the worker is worse than another subject. */
export interface Loss {
  readonly measure: string;
  readonly load: string;
  readonly other: Subject;
  /** The worker's figure as a multiple of the other's. */
  readonly ratio: Spread;
  /** Every round says so, not only the median. */
  readonly clear: boolean;
}

interface Measure {
  readonly name: string;
  readonly runs: (results: Results) => readonly Run[];
  readonly figure: (run: Run) => number;
  readonly moreIsBetter: boolean;
}

const perSecond = (run: Run): number => run.perSecond;
const p99 = (run: Run): number => run.latency.p99;
const cpu = (run: Run): number => run.cost.cpuMicros;
const peak = (run: Run): number => run.cost.peakMiB;
const longest = (run: Run): number => run.cost.loop?.max ?? Number.NaN;

/** What counts as a loss; the page shows the same figures in its tables. */
const MEASURES: readonly Measure[] = [
  { name: 'requests a second under load', runs: ({ throughput }) => throughput, figure: perSecond, moreIsBetter: true },
  { name: 'processor time under load', runs: ({ throughput }) => throughput, figure: cpu, moreIsBetter: false },
  { name: 'peak memory under load', runs: ({ throughput }) => throughput, figure: peak, moreIsBetter: false },
  { name: 'requests a second, one at a time', runs: ({ latency }) => latency, figure: perSecond, moreIsBetter: true },
  { name: 'p99, one at a time', runs: ({ latency }) => latency, figure: p99, moreIsBetter: false },
  { name: 'processor time, one at a time', runs: ({ latency }) => latency, figure: cpu, moreIsBetter: false },
  { name: 'long pages a second', runs: ({ longLists }) => longLists, figure: perSecond, moreIsBetter: true },
  { name: 'longest hold of the event loop', runs: ({ longLists }) => longLists, figure: longest, moreIsBetter: false },
];

/** Returns everything in which the worker's median is worse; the echo is no worker. */
export function lossesOf(results: Results): readonly Loss[] {
  const found = MEASURES.flatMap(({ name, runs, figure, moreIsBetter }) =>
    byLoad(runs(results)).flatMap(([load, own]) =>
      rivals(own).flatMap((other): readonly Loss[] => {
        const ratio = ratios(own, own[0]?.workload ?? '', ['worker', other], figure);
        return ratio === undefined ? [] : lossOf({ measure: name, load, other, ratio }, moreIsBetter);
      }),
    ),
  );
  const starts = rivals(results.coldStart).flatMap((other): readonly Loss[] => {
    const ratio = startRatio(results, other);
    return ratio === undefined ? [] : lossOf({ measure: 'cold start', load: '', other, ratio }, false);
  });
  return [...found, ...starts];
}

function rivals(runs: readonly { readonly subject: Subject }[]): readonly Subject[] {
  return subjectsOf(runs).filter((name) => name !== 'worker' && name !== 'other' && name !== 'echo');
}

/** Returns the ratio of the worker's cold starts to another's, start by start. */
function startRatio({ coldStart }: Results, other: Subject): Spread | undefined {
  const others = new Map(coldStart.filter((run) => run.subject === other).map((run) => [run.round, run.ms]));
  const found = coldStart
    .filter(({ subject }) => subject === 'worker')
    .map(({ round, ms }) => ms / (others.get(round) ?? Number.NaN))
    .filter(Number.isFinite);
  return found.length === 0 ? undefined : spreadOf(found);
}

function lossOf(loss: Omit<Loss, 'clear'>, moreIsBetter: boolean): readonly Loss[] {
  const { median, least, most } = loss.ratio;
  if (moreIsBetter) return median < 1 ? [{ ...loss, clear: most < 1 }] : [];
  return median > 1 ? [{ ...loss, clear: least > 1 }] : [];
}
