// Draws the dashboard from its queries: node scripts/dashboard-picture.ts PROMETHEUS_URL MINUTES FILE
import { writeFileSync } from 'node:fs';
import { contactsDashboard } from './dashboard/dashboard.ts';
import { drawDashboard, type Line } from './dashboard/picture.ts';

const [url = 'http://127.0.0.1:9090', minutes = '5', file = 'dashboard.svg'] = process.argv.slice(2);
const STEP_S = 2;

interface Matrix {
  readonly data: {
    readonly result: readonly { readonly metric: Record<string, string>; readonly values: [number, string][] }[];
  };
}

/** Runs a panel's query over the last minutes, as Grafana would. */
async function linesOf(expr: string, legend: string): Promise<Line[]> {
  const end = Date.now() / 1000;
  const query = expr.replaceAll('$__rate_interval', '15s').replaceAll('$instance', '.+');
  const start = end - Number(minutes) * 60;
  const body = new URLSearchParams({ query, start: `${start}`, end: `${end}`, step: `${STEP_S}` });
  const response = await fetch(`${url}/api/v1/query_range`, { method: 'POST', body });
  const { data } = (await response.json()) as Matrix;
  return data.result.map(({ metric, values }) => ({
    name: legend.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? ''),
    points: values.map(([time, value]) => ({ x: (time - start) / (end - start), y: Number(value) })),
  }));
}

writeFileSync(file, await drawDashboard(contactsDashboard().panels ?? [], linesOf));
