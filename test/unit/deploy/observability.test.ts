import { describe, expect, test } from 'vitest';

import { contactsDashboard } from '../../../scripts/dashboard/dashboard.ts';
import { commandsByAlert, HANDBOOK, uncoveredAlerts } from '../../support/alert-pages.ts';
import {
  alertProblems,
  alerts,
  alertTests,
  dashboardFile,
  isExposed,
  metricsIn,
  panelQueries,
  ruleExpressions,
  yamlFile,
} from '../../support/observability.ts';
import { shortenedRules } from '../../support/time-lapse.ts';

describe('each alert has a severity, a summary, a link to its section, and tests', () => {
  test('in the files', () => {
    expect(alerts().length).toBeGreaterThan(30);
    expect(alertProblems(alerts(), HANDBOOK, alertTests())).toEqual([]);
  });

  test('a section that is missing, surplus or repeated is reported', () => {
    const [first] = alerts();
    const without = HANDBOOK.replace(`### ${first!.alert}\n`, '### ContactsOther\n');
    expect(alertProblems(alerts(), without, alertTests())).toEqual([
      `${first!.alert}: no section in the handbook`,
      'ContactsOther: a section without an alert',
    ]);
    expect(alertProblems(alerts(), `${HANDBOOK}\n### ${first!.alert}\n`, alertTests())).toEqual([
      `${first!.alert}: two sections`,
    ]);
  });

  test('an alert without severity, with the link of another one, or without its tests is reported', () => {
    const [first, ...others] = alerts();
    const { alert } = first!;
    const unmarked = { ...first!, labels: { severity: '' } };
    expect(alertProblems([unmarked, ...others], HANDBOOK, alertTests())).toEqual([`${alert}: severity`]);
    const mislinked = { ...first!, annotations: { summary: '', runbook_url: others[0]!.annotations.runbook_url } };
    expect(alertProblems([mislinked, ...others], HANDBOOK, alertTests())).toEqual([
      `${alert}: summary`,
      expect.stringContaining(`${alert}: runbook_url is not`),
    ]);
    const untested = alertTests().filter(({ alertname }) => alertname !== alert);
    expect(alertProblems(alerts(), HANDBOOK, untested)).toEqual([
      `${alert}: no test in which it fires`,
      `${alert}: no test in which it is silent`,
    ]);
  });
});

describe('each alert has commands that a test executes, or a reason for having none', () => {
  const names = alerts().map(({ alert }) => alert);

  test('in the handbook', () => {
    expect(uncoveredAlerts(names, HANDBOOK)).toEqual([]);
    expect(commandsByAlert(HANDBOOK).size).toBeGreaterThan(30);
  });

  test('an alert with neither, with both, and a reason without an alert are reported', () => {
    expect(uncoveredAlerts([...names, 'ContactsOther'], HANDBOOK)).toEqual([
      'ContactsOther: neither commands nor a reason',
    ]);
    const [commanded] = [...commandsByAlert(HANDBOOK).keys()];
    const row = `\n| [${commanded}](#x) | a reason that is long enough |\n`;
    expect(uncoveredAlerts(names, HANDBOOK + row)).toEqual([
      `${commanded}: commands, and a reason for having none tested`,
    ]);
    expect(uncoveredAlerts(names, `${HANDBOOK}\n| [ContactsGone](#x) | why |\n`)).toEqual([
      'ContactsGone: a reason without an alert',
    ]);
  });
});

test('in time lapse, expressions and thresholds stay, and each time becomes shorter', () => {
  const rule = 'expr: rate(a[10m]) > 600 and b offset 1h > time() - 600\n        for: 15m\n  c:ratio_rate5m > 0.5\n';
  expect(shortenedRules(rule)).toBe(
    'expr: rate(a[20s]) > 600 and b offset 60s > time() - 20\n        for: 2s\n  c:ratio_rate5m > 0.5\n',
  );
});

test("rules and dashboard read only metrics of the catalogue, Node's, the broker's and Prometheus's", () => {
  const read = [...ruleExpressions(), ...panelQueries().map(({ expr }) => expr)].flatMap(metricsIn);
  const own = new Set(read.filter((name) => name.startsWith('contacts_')));
  expect([...own].filter((name) => !isExposed(name))).toEqual([]);
  expect(own.size).toBeGreaterThan(15);
  expect(metricsIn('sum(rate(contacts_requests_totl{code="contacts_x"}[5m])) / contacts:queue_messages')).toEqual([
    'contacts_requests_totl',
  ]);
});

test('inhibitions and routes name only alerts that exist', () => {
  const names = new Set(alerts().map(({ alert }) => alert));
  const text = JSON.stringify(yamlFile('alertmanager.yml'));
  const matchers = [...text.matchAll(/alertname=~?\\"([^"\\]+)\\"/g)].map(([, pattern = '']) => pattern);
  const named = matchers.flatMap((pattern) => {
    const [, choices] = /^Contacts\((.*)\)$/.exec(pattern) ?? [];
    return choices === undefined ? pattern.split('|') : choices.split('|').map((name) => `Contacts${name}`);
  });
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((name) => !names.has(name))).toEqual([]);
});

describe('the dashboard', () => {
  test('is what scripts/dashboard.ts writes', () => {
    expect(dashboardFile()).toEqual(JSON.parse(JSON.stringify(contactsDashboard())));
  });

  test('explains each panel, and no two panels overlap', () => {
    const { panels } = contactsDashboard();
    const places = new Map<string, string>();
    for (const panel of panels ?? []) {
      const { h, w, x, y } = panel.gridPos!;
      expect(x + w, panel.title).toBeLessThanOrEqual(24);
      if (panel.type !== 'row') expect('description' in panel && panel.description, panel.title).toMatch(/\.$/);
      for (let column = x; column < x + w; column += 1) {
        for (let line = y; line < y + h; line += 1) {
          expect(places.get(`${column} ${line}`), panel.title).toBeUndefined();
          places.set(`${column} ${line}`, panel.title!);
        }
      }
    }
    expect(places.size).toBeGreaterThan(24 * 50);
  });

  test("Grafana's data source has the interval at which Prometheus scrapes", () => {
    const { global } = yamlFile('prometheus.yml') as { global: { scrape_interval: string } };
    const { datasources } = yamlFile('grafana/provisioning/datasources/prometheus.yml') as {
      datasources: { jsonData: { timeInterval?: string } }[];
    };
    expect(datasources[0]!.jsonData.timeInterval).toBe(global.scrape_interval);
  });
});
