import type { Results, Run } from '../figures.ts';
import { costsOf, forecast } from './model.ts';
import { grouped, median, ratios, type Spread } from './summary.ts';

/** Returns the figures as text for a terminal: medians of the rounds, ratios with their spread. */
export function table(results: Results): string {
  const parts = [
    lines('Requests a second', throughputRows(results.throughput)),
    lines('One request in flight', latencyRows(results.throughput)),
    lines('Driver alone', rawRows(results)),
    lines('Client library, calls a second', clientRows(results)),
    lines(
      'Mixed, by requests in flight',
      curveRows(results.inFlight, ({ inFlight }) => inFlight),
    ),
    lines(
      'By number of workers',
      curveRows(results.workers, (run) => `${run.workload} × ${run.workers}`),
    ),
    lines(
      'By number of contacts',
      curveRows(results.growth, (run) => `${run.workload}, ${run.contacts} contacts`),
    ),
    lines('Pages, one at a time', pageRows(results)),
    lines('Gets beside another stream', fairnessRows(results)),
    lines('Backlog', backlogRows(results)),
    lines('Model: a core for each worker, 16 for the database', modelRows(results)),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

const MODEL_DATABASE_CORES = 16;

type Row = readonly (string | number)[];

function throughputRows(runs: readonly Run[]): readonly Row[] {
  const usual = runs.filter(({ inFlight }) => inFlight > 1);
  const rows = [...grouped(usual, ({ workload }) => workload)].map(([workload, own]): Row => {
    const of = (subject: string, figure: (run: Run) => number): string =>
      median(own.filter((run) => run.subject === subject).map(figure)).toFixed(0);
    const perSecond = ({ perSecond: rate }: Run): number => rate;
    return [
      workload,
      of('worker', perSecond),
      of('plain', perSecond),
      of('echo', perSecond),
      spread(ratios(own, workload, ['worker', 'plain'], perSecond)),
      spread(ratios(own, workload, ['worker', 'echo'], perSecond)),
      of('worker', ({ cost }) => cost.cpuMicros),
      of('worker', ({ cost }) => cost.allocatedBytes / 1024),
      of('worker', ({ cost }) => cost.peakMiB),
      of('worker', ({ batch = 0 }) => batch),
      of('worker', ({ cost }) => cost.loopDelayP99),
    ];
  });
  const head = ['', 'worker', 'plain', 'echo', 'to plain', 'to echo', 'µs', 'KiB', 'peak MiB', 'batch', 'loop p99 ms'];
  return rows.length === 0 ? [] : [head, ...rows];
}

function latencyRows(runs: readonly Run[]): readonly Row[] {
  const alone = runs.filter(({ inFlight }) => inFlight === 1);
  const rows = [...grouped(alone, ({ workload }) => workload)].map(([workload, own]): Row => {
    const ms = (subject: string, figure: 'p50' | 'p99'): string =>
      median(own.filter((run) => run.subject === subject).map(({ latency }) => latency[figure])).toFixed(2);
    const ratio = (figure: 'p50' | 'p99'): string =>
      spread(ratios(own, workload, ['worker', 'plain'], ({ latency }) => latency[figure]));
    return [
      workload,
      ms('worker', 'p50'),
      ms('plain', 'p50'),
      ratio('p50'),
      ms('worker', 'p99'),
      ms('plain', 'p99'),
      ratio('p99'),
    ];
  });
  return rows.length === 0 ? [] : [['', 'p50 ms', 'plain', 'ratio', 'p99 ms', 'plain', 'ratio'], ...rows];
}

function rawRows({ raw }: Results): readonly Row[] {
  return [...grouped(raw, ({ workload }) => workload)].map(([workload, own]) => {
    const batched = own.flatMap(({ batchedPerSecond }) => batchedPerSecond ?? []);
    const inBatches = batched.length === 0 ? '' : `${median(batched).toFixed(0)}/s in batches`;
    return [workload, `${median(own.map(({ singlePerSecond }) => singlePerSecond)).toFixed(0)}/s single`, inBatches];
  });
}

function clientRows({ client }: Results): readonly Row[] {
  const rows = [...grouped(client, ({ workload }) => workload)].map(([workload, own]): Row => {
    const of = (figure: (run: (typeof own)[number]) => number, digits: number): string =>
      median(own.map(figure)).toFixed(digits);
    return [
      workload,
      of(({ rawPerSecond }) => rawPerSecond, 0),
      of(({ directPerSecond }) => directPerSecond, 0),
      of(({ directPerSecond, rawPerSecond }) => directPerSecond / rawPerSecond, 2),
      of(({ namedPerSecond }) => namedPerSecond, 0),
      of(({ namedPerSecond, rawPerSecond }) => namedPerSecond / rawPerSecond, 2),
    ];
  });
  return rows.length === 0 ? [] : [['', 'raw', 'direct', 'to raw', 'named queue', 'to raw'], ...rows];
}

function curveRows(runs: readonly Run[], keyOf: (run: Run) => string | number): readonly Row[] {
  return [...grouped(runs, (run) => `${run.subject}  ${keyOf(run)}`)].map(([key, own]) => {
    const rate = median(own.map(({ perSecond }) => perSecond)).toFixed(0);
    const micros = median(own.map(({ cost }) => cost.cpuMicros)).toFixed(0);
    const p99 = median(own.map(({ latency }) => latency.p99)).toFixed(1);
    return [key, `${rate}/s`, `${micros} µs`, `p99 ${p99} ms`];
  });
}

function pageRows({ pages }: Results): readonly Row[] {
  return pages.map(({ list, page, latency }) => [`page ${page} ${list}`, `${latency.p50.toFixed(1)} ms`]);
}

function fairnessRows({ fairness }: Results): readonly Row[] {
  return [...grouped(fairness, ({ stream }) => stream)].map(([stream, own]) => {
    const of = (figure: (run: (typeof own)[number]) => number): string => median(own.map(figure)).toFixed(1);
    return [
      stream,
      `gets ${of((run) => run.getsPerSecondAlone)}/s alone, ${of((run) => run.getsPerSecond)}/s beside`,
      `p50 ${of((run) => run.alone.p50)} → ${of((run) => run.beside.p50)} ms`,
      `p99 ${of((run) => run.alone.p99)} → ${of((run) => run.beside.p99)} ms`,
    ];
  });
}

function backlogRows({ backlog }: Results): readonly Row[] {
  return backlog.map(({ requests, perSecond, peakMiB }) => [
    `${requests} requests`,
    `${perSecond.toFixed(0)}/s`,
    `at most ${peakMiB.toFixed(0)} MiB`,
  ]);
}

function modelRows(results: Results): readonly Row[] {
  const rows = ['create', 'get', 'update'].flatMap((workload) => {
    const costs = costsOf(results, workload);
    if (costs === undefined) return [];
    return [1, 3, 10, 100].map((workers): Row => {
      const { perSecond, bound, batch, busy } = forecast(costs, { workers, databaseCores: MODEL_DATABASE_CORES });
      const cores = [busy.workers, busy.database].map((number) => number.toFixed(1));
      return [`${workload}, ${workers} workers`, perSecond.toFixed(0), bound, batch, ...cores];
    });
  });
  return rows.length === 0 ? [] : [['', 'a second', 'bound by', 'batch', 'workers’ cores', 'database’s'], ...rows];
}

function spread(ratio: Spread | undefined): string {
  if (ratio === undefined) return '';
  return `${ratio.median.toFixed(2)} (${ratio.least.toFixed(2)}–${ratio.most.toFixed(2)})`;
}

function lines(title: string, rows: readonly Row[]): string {
  if (rows.length === 0) return '';
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) => Math.max(...rows.map((row) => String(row[i] ?? '').length)));
  const written = rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? String(cell).padEnd(widths[i] ?? 0) : String(cell).padStart(widths[i] ?? 0)))
      .join('  '),
  );
  return [title, ...written.map((line) => `  ${line}`)].join('\n');
}
