import type { Results, Run } from '../figures.ts';
import { bars, curves, escaped, type Curve } from './plots.ts';
import { grouped, median } from './summary.ts';
import { table } from './table.ts';

/** Returns a self-contained page with plots and tables. */
export function page(results: Results): string {
  const { machine, startedAt, settings } = results;
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  const where = `${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}`;
  const how = `${settings.rounds} rounds of ${settings.seconds} s, seed ${settings.seed}`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Contacts worker: benchmark of ${startedAt.slice(0, 10)}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 60em; padding: 0 1em; color: #222; }
pre { overflow-x: auto; font-size: 12px; background: #f6f6f4; padding: 1em; }
figure { margin: 2em 0; } figcaption { font-weight: 600; }
</style>
<h1>Contacts worker: benchmark</h1>
<p>${escaped([startedAt, how, where, versions.join(', ')].join(' · '))}</p>
<p>Broker, database, producer and subject share this machine. Compare within one run only.</p>
${plots(results).join('\n')}
<h2>Figures</h2>
<pre>${escaped(table(results))}</pre>
</html>
`;
}

function plots({ throughput, inFlight, growth, workers }: Results): readonly string[] {
  const compared = comparison(throughput);
  const all: readonly (readonly [string, boolean, () => string])[] = [
    ['Requests a second, 256 in flight', compared !== undefined, () => compared ?? ''],
    ['Requests a second over requests in flight, mixed', inFlight.length > 0, () => curves(bySubject(inFlight), '/s')],
    [
      'Latency of the worker over requests a second, mixed (ms)',
      inFlight.length > 0,
      () => curves(latencies(inFlight.filter(({ subject }) => subject === 'worker')), 'ms'),
    ],
    ['Microseconds of the worker over the number of contacts', growth.length > 0, () => curves(costs(growth), 'µs')],
    ['Requests a second over the number of contacts', growth.length > 0, () => curves(rates(growth), '/s')],
    ['Requests a second over the number of workers', workers.length > 0, () => curves(scaling(workers), '/s')],
  ];
  return all
    .filter(([, there]) => there)
    .map(([title, , plot]) => `<figure><figcaption>${escaped(title)}</figcaption>${plot()}</figure>`);
}

/**
 * Returns the workloads' throughput as a drawing with a white background; `undefined` where it was
 * not measured.
 */
export function comparison(throughput: readonly Run[]): string | undefined {
  return throughput.length === 0 ? undefined : bars(barsOf(throughput));
}

function barsOf(runs: readonly Run[]): readonly { group: string; name: string; value: number }[] {
  return [...grouped(runs, (run) => `${run.workload}/${run.subject}`).values()].flatMap((own) => {
    const [first] = own;
    return first === undefined
      ? []
      : [{ group: first.workload, name: first.subject, value: median(own.map(({ perSecond }) => perSecond)) }];
  });
}

/** Returns one curve for each name; each point is the median of the rounds. */
function curvesOf(
  runs: readonly Run[],
  nameOf: (run: Run) => string,
  xOf: (run: Run) => number,
  yOf: (run: Run) => number,
): readonly Curve[] {
  return [...grouped(runs, nameOf)].map(([name, own]) => ({
    name,
    points: [...grouped(own, (run) => String(xOf(run)))].map(
      ([x, rounds]) => [Number(x), median(rounds.map(yOf))] as const,
    ),
  }));
}

const bySubject = (runs: readonly Run[]): readonly Curve[] =>
  curvesOf(
    runs,
    ({ subject }) => subject,
    ({ inFlight }) => inFlight,
    ({ perSecond }) => perSecond,
  );

/**
 * The runs are grouped by requests in flight; the x axis shows the rate that they reached, which is
 * what readers call load.
 */
function latencies(runs: readonly Run[]): readonly Curve[] {
  const loads = [...grouped(runs, ({ inFlight }) => String(inFlight)).values()];
  return (['p50', 'p90', 'p99'] as const).map((name) => ({
    name,
    points: loads.map(
      (own) =>
        [median(own.map(({ perSecond }) => perSecond)), median(own.map(({ latency }) => latency[name]))] as const,
    ),
  }));
}

const workloadOf = ({ workload }: Run): string => workload;
const contactsOf = ({ contacts }: Run): number => contacts;

const costs = (runs: readonly Run[]): readonly Curve[] =>
  curvesOf(runs, workloadOf, contactsOf, ({ cost }) => cost.cpuMicros);

const rates = (runs: readonly Run[]): readonly Curve[] =>
  curvesOf(runs, workloadOf, contactsOf, ({ perSecond }) => perSecond);

const scaling = (runs: readonly Run[]): readonly Curve[] =>
  curvesOf(
    runs,
    workloadOf,
    (run) => run.workers,
    ({ perSecond }) => perSecond,
  );
