import type { Results, Run, Subject } from '../figures.ts';
import { isPeer } from '../subjects/peers.ts';
import { describedSubjects, fairnessNotes, titleOf } from './comparison-words.ts';
import { lossesOf, type Loss } from './losses.ts';
import { byLoad, idleCells, idleHead, loopCells, medianOf, shown, subjectsOf } from './subject-rows.ts';
import { median, ratios, spreadOf, type Spread } from './summary.ts';

const MARK = /^<!-- written by `node bench\/comparison\.ts` from (\S+) -->$/m;

const BYSTANDER = 'The idle process ran beside the measured one: its delay is the busy machine’s alone.';

/** Returns the file that a page was written from; `undefined` where it does not say. */
export function sourceOfPage(page: string): string | undefined {
  return MARK.exec(page)?.[1];
}

/** Returns the page that compares the subjects, before it is formatted. */
export function comparisonPage(results: Results, file: string): string {
  const { throughput, latency, longLists } = results;
  const subjects = subjectsOf([...throughput, ...latency, ...longLists, ...results.coldStart]);
  return [
    '# Compared with other workers',
    `<!-- written by \`node bench/comparison.ts\` from ${file} -->`,
    `Several workers that answer the same requests, measured in one run on ${results.startedAt.slice(0, 10)}. All figures are in [one file](../${file}).`,
    '## What was compared',
    describedSubjects(subjects),
    setUp(results),
    '## How',
    method(results),
    ...part('Under load: 256 requests in flight', throughput, [
      'Requests a second, the median of the rounds:',
      perSubject(throughput, ({ perSecond }) => perSecond),
      'This worker’s requests a second as a multiple of the others’ (above 1 it is faster):',
      ratioTable(throughput, ({ perSecond }) => perSecond),
      'Processor time of the process for one request, in µs:',
      perSubject(throughput, ({ cost }) => cost.cpuMicros),
    ]),
    ...part('One request at a time', latency, [
      'The next request leaves when the answer to the last one is there. Times are in ms:',
      lone(latency),
      'This worker’s requests a second as a multiple of the others’ (above 1 it is faster):',
      ratioTable(latency, ({ perSecond }) => perSecond),
      'This worker’s p99 as a multiple of the others’ (below 1 it is faster):',
      ratioTable(latency, (run) => run.latency.p99),
    ]),
    ...part('Pages of 1,000 contacts', longLists, [
      'All pages belong to one client. The event loop’s delay shows how long one piece of work keeps all others waiting; programs that are not Node.js have no event loop.',
      ...(idleHead(longLists).length === 0 ? [] : [BYSTANDER]),
      pages(longLists),
    ]),
    ...part('Memory', throughput, [
      'Peak resident memory in MiB, the highest of all rounds. It counts since the process started, so it never falls from one workload to the next.',
      memory(results),
    ]),
    ...part('Cold start', results.coldStart, [
      'From spawning the process to the first answer, in ms. The request waits in the queue already; queue, indexes and counter exist.',
      coldStarts(results),
    ]),
    '## Where this worker loses',
    losses(results),
    '## What is not comparable',
    fairnessNotes(subjects),
    '## Repeat it',
    ['```sh', `npm run bench -- comparison${peersOption(subjects)}`, '```'].join('\n'),
    'The command measures and writes this page anew. [bench/README.md](../bench/README.md) has the options, the sources of the subjects and what the others need.',
  ].join('\n\n');
}

function peersOption(subjects: readonly Subject[]): string {
  const peers = subjects.filter(isPeer);
  return peers.length === 0 ? '' : ` --peers ${peers.join(',')}`;
}

function setUp({ machine }: Results): string {
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  return [
    `- **Machine**: ${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}. Broker, database, producer and the measured process share it.`,
    `- **Versions**: ${versions.join(', ')}.`,
  ].join('\n');
}

function method({ settings: { rounds, seconds, seed } }: Results): string {
  return [
    '- Every subject has a quorum queue, a database and 20,000 contacts of its own, on the same broker and the same database server.',
    '- Requests and answers are persistent. An answer is confirmed by the broker before the request is acknowledged. Writes wait for the journal of a majority.',
    `- ${rounds === 1 ? 'One round' : `${rounds} rounds`}, seed ${seed}. Under load each subject runs for ${seconds} s in each round; the order changes from round to round. One at a time, the subjects alternate in turns of 1.5 s.`,
    '- Figures are medians of the rounds. Ratios are taken within a round: the median, and in brackets the least and the greatest of the rounds. Figures of two runs are not comparable; ratios are.',
  ].join('\n');
}

function part(title: string, measured: readonly object[], texts: readonly string[]): readonly string[] {
  return measured.length === 0 ? [] : [`## ${title}`, ...texts];
}

/** One row for each workload, one column for each subject. */
function perSubject(runs: readonly Run[], figure: (run: Run) => number): string {
  const subjects = subjectsOf(runs);
  const rows = byLoad(runs).map(([name, own]) => [
    name,
    ...subjects.map((subject) => grouping(medianOf(own, subject, figure, 0))),
  ]);
  return markdownTable(['', ...subjects.map(titleOf)], rows);
}

function ratioTable(runs: readonly Run[], figure: (run: Run) => number): string {
  const others = subjectsOf(runs).filter((name) => name !== 'worker');
  const rows = byLoad(runs).map(([name, own]) => [
    name,
    ...others.map((other) => times(ratios(own, own[0]?.workload ?? '', ['worker', other], figure))),
  ]);
  return markdownTable(['', ...others.map((name) => `to ${titleOf(name)}`)], rows);
}

function lone(runs: readonly Run[]): string {
  const rows = eachRow(runs, (own, subject) => [
    medianOf(own, subject, ({ perSecond }) => perSecond, 0),
    ...(['p50', 'p90', 'p99', 'max'] as const).map((name) => medianOf(own, subject, ({ latency }) => latency[name], 2)),
    medianOf(own, subject, ({ cost }) => cost.cpuMicros, 0),
  ]);
  return markdownTable(['', '', 'a second', 'p50', 'p90', 'p99', 'max', 'processor, µs'], rows);
}

function pages(runs: readonly Run[]): string {
  const rows = eachRow(runs, (own, subject) => [
    medianOf(own, subject, ({ perSecond }) => perSecond, 0),
    medianOf(own, subject, ({ latency }) => latency.p50, 1),
    medianOf(own, subject, ({ cost }) => cost.cpuMicros, 0),
    ...loopCells(own, subject),
    ...idleCells(own, subject),
  ]);
  const delays = ['loop’s delay p50, ms', 'p99', 'max', ...idleHead(runs)];
  return markdownTable(['', '', 'a second', 'p50, ms', 'processor, µs', ...delays], rows);
}

function memory({ throughput, latency, longLists }: Results): string {
  const most = (runs: readonly Run[], subject: Subject): string => {
    const peaks = runs.filter((run) => run.subject === subject).map(({ cost }) => cost.peakMiB);
    return peaks.length === 0 ? '' : shown(Math.max(...peaks), 0);
  };
  const rows = subjectsOf(throughput).map((subject) => [
    titleOf(subject),
    ...[throughput, latency, longLists].map((runs) => most(runs, subject)),
  ]);
  return markdownTable(['', 'under load', 'after one at a time', 'after long pages'], rows);
}

function coldStarts({ coldStart }: Results): string {
  const rows = subjectsOf(coldStart).map((subject) => {
    const {
      median: p50,
      least,
      most,
    } = spreadOf(coldStart.filter((run) => run.subject === subject).map(({ ms }) => ms));
    const starts = coldStart.filter((run) => run.subject === subject).length;
    return [titleOf(subject), ...[p50, least, most, starts].map((number) => number.toFixed(0))];
  });
  return markdownTable(['', 'p50', 'least', 'most', 'starts'], rows);
}

function losses(results: Results): string {
  const found = lossesOf(results);
  const listed = (title: string, clear: boolean): readonly string[] => {
    const rows = found.filter((loss) => loss.clear === clear).map(lossCells);
    return rows.length === 0 ? [] : [title, markdownTable(['', '', 'against', 'this worker to it'], rows)];
  };
  if (found.length === 0) return 'In this run the worker is behind no other in any figure above.';
  return [
    ...listed('In every round (the echo is left out, as it does no work):', true),
    ...listed('In the median, though not in every round:', false),
  ].join('\n\n');
}

const lossCells = ({ measure, load, other, ratio }: Loss): readonly string[] => [
  measure,
  load,
  titleOf(other),
  times(ratio),
];

function eachRow(
  runs: readonly Run[],
  cells: (own: readonly Run[], subject: Subject) => readonly string[],
): readonly (readonly string[])[] {
  return byLoad(runs).flatMap(([name, own]) =>
    subjectsOf(own).map((subject) => [name, titleOf(subject), ...cells(own, subject)]),
  );
}

function times(ratio: Spread | undefined): string {
  if (ratio === undefined || !Number.isFinite(median([ratio.median]))) return '';
  return `${ratio.median.toFixed(2)}× (${ratio.least.toFixed(2)}–${ratio.most.toFixed(2)})`;
}

const grouping = (digits: string): string => digits.replaceAll(/\B(?=(\d{3})+$)/g, ',');

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const isWords = (column: number): boolean => rows.every((row) => !/^\d/.test(row[column] ?? ''));
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (isWords(i) ? '---' : '---:'))), ...rows.map(line)].join('\n');
}
