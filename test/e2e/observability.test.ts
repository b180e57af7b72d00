import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../infrastructure/addresses.ts';
import { run } from '../../infrastructure/command.ts';
import { ensureDocker } from '../../infrastructure/docker.ts';
import { ensureImages } from '../../infrastructure/images.ts';
import { waitFor } from '../../infrastructure/progress.ts';
import { composeProject, type ComposeProject } from '../support/compose-project.ts';
import { exerciseWorkers, WITHOUT_DATA } from '../support/exercise.ts';
import { metricsIn, OBSERVABILITY, type PanelQuery, panelQueries, ruleExpressions } from '../support/observability.ts';
import { api, inImage, query } from '../support/prometheus.ts';

const HANDBOOK = 'https://handbook.example.org/alerts';

let project: ComposeProject;
let prometheusImage: string;
let prometheusUrl: string;
let alertmanagerUrl: string;
let folder: string;

/** The whole profile but Grafana, whose image not every machine can have; Prometheus at a quicker pace. */
beforeAll(async () => {
  await ensureDocker();
  const { prometheus, alertmanager } = await ensureImages('prometheus', 'alertmanager');
  const [prometheusPort, alertmanagerPort] = [await freePort(), await freePort()];
  folder = mkdtempSync(join(tmpdir(), 'contacts-prometheus-'));
  chmodSync(folder, 0o755);
  const quick = readFileSync(join(OBSERVABILITY, 'prometheus.yml'), 'utf8')
    .replaceAll(/(scrape|evaluation)_interval: 15s/g, '$1_interval: 1s')
    .replace('refresh_interval: 10s', 'refresh_interval: 1s');
  writeFileSync(join(folder, 'prometheus.yml'), quick);
  project = await composeProject({
    PROMETHEUS_IMAGE: prometheus,
    ALERTMANAGER_IMAGE: alertmanager,
    PROMETHEUS_PORT: String(prometheusPort),
    ALERTMANAGER_PORT: String(alertmanagerPort),
    PROMETHEUS_CONFIG: join(folder, 'prometheus.yml'),
    RUNBOOKS: HANDBOOK,
    COMPOSE_PROFILES: 'observability',
  });
  prometheusImage = prometheus;
  prometheusUrl = `http://127.0.0.1:${prometheusPort}`;
  alertmanagerUrl = `http://127.0.0.1:${alertmanagerPort}`;
  await project.compose('up', '-d', '--build', '--scale', 'worker=2', 'worker', 'prometheus', 'alertmanager');
  await Promise.all([
    project.healthy('worker', 2),
    project.healthy('prometheus', 1),
    project.healthy('alertmanager', 1),
  ]);
  await exerciseWorkers(project, prometheusUrl);
}, 600_000);

afterAll(async () => {
  await project.remove();
  rmSync(folder, { recursive: true });
}, 120_000);

test('Prometheus scrapes both workers, the broker with its queues, Alertmanager and itself', async () => {
  const { samples } = await query(prometheusUrl, 'count by (job) (up == 1)');
  expect(Object.fromEntries(samples.map(({ metric, value }) => [metric['job'], value]))).toEqual({
    'contacts-worker': 2,
    rabbitmq: 1,
    'rabbitmq-queues': 1,
    prometheus: 1,
    alertmanager: 1,
  });
});

/** Whether a metric may have no series here. */
function isExcused(name: string): boolean {
  return name in WITHOUT_DATA;
}

/** What Prometheus criticises about the queries, and the queries without data that ought to have some. */
async function findings(queries: readonly PanelQuery[]): Promise<{ problems: string[]; empty: string[] }> {
  const problems: string[] = [];
  const empty: string[] = [];
  for (const { panel, expr } of queries) {
    const filled = expr.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.+');
    const result = await query(prometheusUrl, filled);
    problems.push(...result.problems.map((problem) => `${panel}: ${problem}`));
    if (!metricsIn(expr).some(isExcused) && !result.samples.some(({ value }) => Number.isFinite(value)))
      empty.push(`${panel}: ${expr}`);
  }
  return { problems, empty };
}

test('each query of the dashboard is answered without a problem, and with data', async () => {
  expect(panelQueries().length).toBeGreaterThan(50);
  expect(await findings(panelQueries())).toEqual({ problems: [], empty: [] });
});

test('an error, a rate of what is no counter, and a metric that does not exist are found', async () => {
  const planted = [
    'sum(contacts_ready',
    'rate(contacts_in_flight[$__rate_interval])',
    'contacts_raedy{instance=~"$instance"}',
  ];
  const { problems, empty } = await findings(planted.map((expr) => ({ panel: 'planted', expr })));
  expect(problems).toEqual([
    expect.stringContaining('parse error') as string,
    expect.stringContaining('metric might not be a counter') as string,
  ]);
  expect(empty).toEqual([`planted: ${planted[0]!}`, `planted: ${planted[2]!}`]);
});

test('each rule is evaluated without a problem, and each metric that it reads exists', async () => {
  interface Rules {
    readonly groups: readonly { readonly rules: readonly { name: string; health: string; lastError?: string }[] }[];
  }
  const { groups } = await api<Rules>(prometheusUrl, 'rules');
  const rules = groups.flatMap((group) => group.rules);
  expect(rules).toHaveLength(ruleExpressions().length);
  expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
  for (const expr of ruleExpressions()) expect((await query(prometheusUrl, expr)).problems, expr).toEqual([]);
  const names = new Set(ruleExpressions().flatMap(metricsIn));
  const missing: string[] = [];
  for (const name of names) if ((await query(prometheusUrl, name)).samples.length === 0) missing.push(name);
  expect(missing.filter((name) => !isExcused(name))).toEqual([]);
});

test('an alert reaches Alertmanager, with a link to its section in the place that RUNBOOKS names', async () => {
  interface AlertView {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    readonly receivers: readonly { readonly name: string }[];
  }
  const found = await waitFor('ContactsDeadLetters in Alertmanager', 60_000, async () => {
    const list = (await (await fetch(`${alertmanagerUrl}/api/v2/alerts`)).json()) as AlertView[];
    return list.find(({ labels }) => labels['alertname'] === 'ContactsDeadLetters');
  });
  expect(found.annotations['runbook_url']).toBe(`${HANDBOOK}#contactsdeadletters`);
  expect(found.labels).toEqual({ alertname: 'ContactsDeadLetters', severity: 'warning', reason: 'REPLY_TO_OWN_QUEUE' });
  expect(found.receivers).toEqual([{ name: 'ticket' }]);
});

test("promtool finds nothing to criticise in the worker's own metrics", async () => {
  const [worker] = await project.containers('worker');
  const read = "fetch('http://127.0.0.1:8080/metrics').then((r) => r.text()).then((t) => process.stdout.write(t))";
  const text = `${await run('docker', ['exec', worker!, 'node', '-e', read])}\n`;
  const check = async (metrics: string): Promise<string[]> => {
    writeFileSync(join(folder, 'metrics'), metrics);
    const { output } = await inImage(prometheusImage, folder, 'promtool check metrics < metrics');
    return output.split('\n').filter((line) => line !== '');
  };
  expect(text).toContain('contacts_requests_total{');
  // Names of prom-client, which Grafana's published dashboards for Node rely on.
  const own = (lines: string[]): string[] => lines.filter((line) => !/^nodejs_active_\w+_total /.test(line));
  expect(own(await check(text))).toEqual([]);
  expect(own(await check(text.replaceAll('contacts_in_flight', 'contacts_in_flight_total')))).toHaveLength(1);
  expect(await check(`${text}contacts_requests_total{method= 1\n`)).not.toEqual([]);
});

test('the expression of ContactsNoWorker is true soon after the last worker has stopped', async () => {
  await project.compose('stop', '-t', '30', 'worker');
  const { samples } = await waitFor('the alert', 60_000, async () => {
    const result = await query(prometheusUrl, 'ALERTS{alertname="ContactsNoWorker"}');
    return result.samples.length > 0 ? result : undefined;
  });
  expect(samples[0]!.metric['severity']).toBe('critical');
});
