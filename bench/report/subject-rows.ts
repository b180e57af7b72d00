import type { ColdStartRun, LoopDelay, Run, Subject } from '../figures.ts';
import { grouped, median, ratios, spreadOf, type Spread } from './summary.ts';

export type Row = readonly (string | number)[];

const FIRST: readonly string[] = ['worker', 'other', 'plain'];

/**
 * Returns the subjects of these runs: builds of the worker, the plain worker, the others in the
 * order of their names, and the echo, which is no worker.
 */
export function subjectsOf(runs: readonly { readonly subject: Subject }[]): readonly Subject[] {
  const place = (name: string): number => (name === 'echo' ? Infinity : FIRST.indexOf(name) + 1 || 9);
  return [...new Set(runs.map(({ subject }) => subject))].toSorted((a, b) => {
    const [one, other] = [place(a), place(b)];
    return one === other ? a.localeCompare(b) : one - other;
  });
}

/** Returns the runs of each workload with each number of requests in flight. */
export function byLoad(runs: readonly Run[]): readonly (readonly [name: string, own: readonly Run[]])[] {
  const several = new Set(runs.map(({ inFlight }) => inFlight)).size > 1;
  return [...grouped(runs, ({ workload, inFlight }) => (several ? `${workload}, ${inFlight} in flight` : workload))];
}

/** A number's text; empty where it was not measured. */
export function shown(number: number, digits: number): string {
  return Number.isFinite(number) ? number.toFixed(digits) : '';
}

/** Returns the median of a subject's figure over the rounds, as text. */
export function medianOf(runs: readonly Run[], subject: Subject, figure: (run: Run) => number, digits: number): string {
  return shown(median(runs.filter((run) => run.subject === subject).map(figure)), digits);
}

function spread(ratio: Spread | undefined): string {
  if (ratio === undefined) return '';
  return `${ratio.median.toFixed(2)} (${ratio.least.toFixed(2)}–${ratio.most.toFixed(2)})`;
}

/** Requests a second of each subject, and the ratio of the worker's to each other's. */
export function rateRows(runs: readonly Run[]): readonly Row[] {
  const subjects = subjectsOf(runs);
  const others = subjects.filter((name) => name !== 'worker');
  const rows = byLoad(runs).map(([name, own]): Row => [
    name,
    ...subjects.map((subject) => medianOf(own, subject, ({ perSecond }) => perSecond, 0)),
    ...others.map((other) =>
      spread(ratios(own, own[0]?.workload ?? '', ['worker', other], ({ perSecond }) => perSecond)),
    ),
  ]);
  return rows.length === 0 ? [] : [['', ...subjects, ...others.map((name) => `to ${name}`)], ...rows];
}

/** What a request of each workload costs each subject, and how long its event loop is held. */
export function costRows(runs: readonly Run[]): readonly Row[] {
  const rows = eachSubject(runs, (own, subject): Row => [
    medianOf(own, subject, ({ cost }) => cost.cpuMicros, 0),
    medianOf(own, subject, ({ cost: { allocatedBytes = Number.NaN } }) => allocatedBytes / 1024, 0),
    medianOf(own, subject, ({ cost }) => cost.peakMiB, 0),
    medianOf(own, subject, ({ batch = Number.NaN }) => batch, 1),
    ...loopCells(own, subject),
    ...idleCells(own, subject),
  ]);
  const head = ['', '', 'µs', 'KiB', 'peak MiB', 'batch', 'loop p50 ms', 'p99', 'max', ...idleHead(runs)];
  return rows.length === 0 ? [] : [head, ...rows];
}

/** The worker's time to an answer with its percentiles, beside each other subject's. */
export function latencyRows(runs: readonly Run[]): readonly Row[] {
  const rows = eachSubject(runs, (own, subject): Row => {
    const ratio = (figure: 'p50' | 'p99'): string =>
      subject === 'worker'
        ? ''
        : spread(ratios(own, own[0]?.workload ?? '', ['worker', subject], ({ latency }) => latency[figure]));
    return [
      medianOf(own, subject, ({ perSecond }) => perSecond, 0),
      ...(['p50', 'p90', 'p99', 'max'] as const).map((name) =>
        medianOf(own, subject, ({ latency }) => latency[name], 2),
      ),
      medianOf(own, subject, ({ cost }) => cost.cpuMicros, 0),
      ratio('p50'),
      ratio('p99'),
    ];
  });
  const head = ['', '', 'a second', 'p50 ms', 'p90', 'p99', 'max', 'µs', 'worker to it, p50', 'p99'];
  return rows.length === 0 ? [] : [head, ...rows];
}

/** Time from spawning a process to its first answer. */
export function coldStartRows(runs: readonly ColdStartRun[]): readonly Row[] {
  const rows = subjectsOf(runs).map((subject): Row => {
    const times = runs.filter((run) => run.subject === subject).map(({ ms }) => ms);
    const { median: p50, least, most } = spreadOf(times);
    return [subject, p50.toFixed(0), least.toFixed(0), most.toFixed(0), times.length];
  });
  return rows.length === 0 ? [] : [['', 'p50 ms', 'least', 'most', 'starts'], ...rows];
}

/** Median over the rounds of p50 and p99; the longest hold of all rounds. */
export function loopCells(runs: readonly Run[], subject: Subject): readonly string[] {
  return delayCells(runs.flatMap((run) => (run.subject === subject ? (run.cost.loop ?? []) : [])));
}

/** The names of the columns of `idleCells`; none where no idle process was watched. */
export function idleHead(runs: readonly Run[]): readonly string[] {
  return watchedIdle(runs) ? ['idle process p99', 'max'] : [];
}

/** The delays of the idle process that was watched beside the subject. */
export function idleCells(runs: readonly Run[], subject: Subject): readonly string[] {
  const idle = runs.flatMap((run) => (run.subject === subject ? (run.cost.idleLoop ?? []) : []));
  return watchedIdle(runs) ? delayCells(idle).slice(1) : [];
}

const watchedIdle = (runs: readonly Run[]): boolean => runs.some(({ cost }) => cost.idleLoop !== undefined);

function delayCells(loops: readonly LoopDelay[]): readonly string[] {
  const longest = loops.length === 0 ? Number.NaN : Math.max(...loops.map(({ max }) => max));
  return [
    shown(median(loops.map(({ p50 }) => p50)), 2),
    shown(median(loops.map(({ p99 }) => p99)), 1),
    shown(longest, 1),
  ];
}

/** One row for each load and subject that was measured. */
function eachSubject(runs: readonly Run[], cells: (own: readonly Run[], subject: Subject) => Row): readonly Row[] {
  return byLoad(runs).flatMap(([name, own]) =>
    subjectsOf(own).map((subject, i): Row => [i === 0 ? name : '', subject, ...cells(own, subject)]),
  );
}
