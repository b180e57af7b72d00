import type { Results, Run } from '../figures.ts';
import { costsOf, forecast } from './model.ts';
import { coldStartRows, costRows, latencyRows, rateRows, type Row } from './subject-rows.ts';
import { grouped, median } from './summary.ts';

/** Returns the figures as text for a terminal: medians of the rounds, ratios with their spread. */
export function table(results: Results): string {
  const parts = [
    lines('Requests a second', rateRows(results.throughput)),
    lines('Costs of a request', costRows(results.throughput)),
    lines('One request in flight', latencyRows(results.latency)),
    lines('One request in flight, its costs', costRows(results.latency)),
    lines('Pages of 1,000 contacts, a second', rateRows(results.longLists)),
    lines('Pages of 1,000 contacts, their costs', costRows(results.longLists)),
    lines('From the start of a process to its first answer', coldStartRows(results.coldStart)),
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

function rawRows({ raw }: Results): readonly Row[] {
  return [...grouped(raw, ({ workload }) => workload)].map(([workload, own]) => {
    const batched = own.flatMap(({ batchedPerSecond }) => batchedPerSecond ?? []);
    const inBatches = batched.length === 0 ? '' : `${median(batched).toFixed(0)}/s in batches`;
    const lone = own.flatMap(({ loneMs }) => loneMs ?? []);
    const alone = lone.length === 0 ? '' : `${median(lone).toFixed(2)} ms alone`;
    const single = median(own.map(({ singlePerSecond }) => singlePerSecond)).toFixed(0);
    return [workload, alone, `${single}/s single`, inBatches];
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
