import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { writeReport } from '../report.ts';
import { COLOURS, plotOf, type Line, type Panel } from './plot.ts';
import { COLUMNS, type Sample } from './sample.ts';
import type { Finding, WorkerSeries } from './series.ts';
import type { SoakResult } from './soak.ts';

/** Writes CSV, plot and report beside the journal. Returns the report as Markdown. */
export function writeSoakReport(result: SoakResult): string {
  const { record, run, violations, workers, latencies, findings, warmUpS } = result;
  const csv = workers.flatMap(({ worker, rows }) =>
    rows.map((row) => [worker, ...COLUMNS.map((name) => row[name]), row.calm].join(',')),
  );
  write('workers.csv', [['worker', ...COLUMNS, 'calm'].join(','), ...csv]);
  const times = latencies.map(({ at, requests, p50, p95, p99, calm }) => [at, requests, p50, p95, p99, calm].join(','));
  write('latency.csv', ['at,requests,p50Ms,p95Ms,p99Ms,calm', ...times]);
  write('soak.svg', [plot(result)]);
  const page = [
    writeReport(run, record, violations),
    '',
    verdictOf(result),
    '',
    '| of | measure | median | per hour | verdict | seen from, per hour |',
    '| --- | --- | --: | --: | --- | --: |',
    ...findings.map(line),
    '',
    `Samples in calm times after ${Math.round(warmUpS)} s count. Times are in seconds of the journal.`,
  ];
  write('soak.md', page);
  return page.join('\n');

  function write(name: string, lines: readonly string[]): void {
    writeFileSync(join(record.folder, name), `${lines.join('\n').trimEnd()}\n`);
  }
}

/** One line: flat, or what grows. */
export function verdictOf({ findings }: Pick<SoakResult, 'findings'>): string {
  const growing = findings.filter(({ trend }) => trend.verdict === 'grows');
  const unknown = findings.filter(({ trend }) => trend.verdict === 'too few samples');
  if (growing.length > 0) {
    const what = growing.map(({ subject, measure, unit, trend }) =>
      `${measure} of ${subject} by ${rounded(trend.perHour)} ${unit}`.trimEnd(),
    );
    return `GROWS, per hour: ${what.join('; ')}.`;
  }
  if (unknown.length > 0 || findings.length < 2) return 'UNDECIDED: too few samples, or no worker lived throughout.';
  return 'FLAT: nothing grows.';
}

function line({ subject, measure, unit, trend }: Finding): string {
  const { median, perHour, verdict, detectablePerHour } = trend;
  const amounts = [median, perHour].map((value) => `${rounded(value)} ${unit}`.trimEnd());
  return `| ${subject} | ${measure} | ${amounts.join(' | ')} | ${verdict} | ${rounded(detectablePerHour)} |`;
}

function rounded(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(1);
}

function plot({ record, workers, latencies }: SoakResult): string {
  const minutes = (seconds: number): number => seconds / 60;
  const times = [...latencies, ...workers.flatMap(({ rows }) => rows)].map(({ at }) => minutes(at));
  const end = Math.max(0.1, ...times);
  const perWorker = (measure: keyof Sample): Line[] => workers.flatMap((one) => lives(one, measure));
  const latency = (name: 'p50' | 'p95' | 'p99', colour: string): Line => ({
    name,
    colour,
    points: latencies.map((row) => [minutes(row.at), row[name]]),
  });
  const panels: Panel[] = [
    { title: 'Heap after collection, MiB', lines: perWorker('heapMiB') },
    { title: 'Resident memory, MiB', lines: perWorker('rssMiB') },
    { title: 'Handles', lines: perWorker('handles') },
    { title: 'Event loop delay p99, ms', lines: perWorker('loopP99Ms'), logarithmic: true },
    {
      title: 'Latency, ms (all requests)',
      lines: [latency('p50', COLOURS[0]), latency('p95', COLOURS[3]), latency('p99', COLOURS[1])],
      logarithmic: true,
    },
  ];
  const bands = record.faults.map(({ from, until }) => ({ from: minutes(from / 1e9), until: minutes(until / 1e9) }));
  const title = `Soak, ${record.faults.length} faults (shaded); x: minutes; a line ends with its process`;
  return plotOf(title, panels, bands, end);

  function lives({ worker, judged, rows }: WorkerSeries, measure: keyof Sample): Line[] {
    const colour = COLOURS[(worker - 1) % COLOURS.length] ?? COLOURS[0];
    return [...new Set(rows.map(({ pid }) => pid))].map((pid, index) => ({
      name: index > 0 ? '' : `worker ${worker}${judged ? ' (judged)' : ''}`,
      colour,
      points: rows.filter((row) => row.pid === pid && row.at >= 0).map((row) => [minutes(row.at), row[measure]]),
    }));
  }
}
