import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parse } from 'yaml';

import { ROOT } from '../../infrastructure/command.ts';
import { METRICS } from '../../src/protocol/catalogue.ts';

export const OBSERVABILITY = join(ROOT, 'deploy/observability');

/** An alert of deploy/observability/rules. */
export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook_url: string };
}

/** A test of an alert at one time: what it expects to fire. */
export interface AlertTest {
  readonly alertname: string;
  readonly exp_alerts: readonly unknown[];
}

/** A query of the dashboard, with the panel that shows it. */
export interface PanelQuery {
  readonly panel: string;
  readonly expr: string;
}

interface RuleFile {
  readonly groups: readonly {
    readonly rules: readonly (Alert | { readonly record: string; readonly expr: string })[];
  }[];
}

interface TestFile {
  readonly tests: readonly { readonly alert_rule_test?: readonly AlertTest[] }[];
}

interface PanelModel {
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string }[];
}

/** Whether workers expose the metric, or the histogram to which the series belongs. */
export function isExposed(name: string): boolean {
  return name in METRICS || name.replace(/_(?:bucket|sum|count)$/, '') in METRICS;
}

/** Returns the parsed YAML file of deploy/observability. */
export function yamlFile(path: string): unknown {
  return parse(readFileSync(join(OBSERVABILITY, path), 'utf8'));
}

function yamlFiles(folder: string): unknown[] {
  return readdirSync(join(OBSERVABILITY, folder)).map((file) => yamlFile(`${folder}/${file}`));
}

function rules(): RuleFile['groups'][number]['rules'] {
  return (yamlFiles('rules') as RuleFile[]).flatMap(({ groups }) => groups.flatMap((group) => group.rules));
}

/** Returns all alerts. */
export function alerts(): Alert[] {
  return rules().filter((rule): rule is Alert => 'alert' in rule);
}

/** Returns the expressions of all rules. */
export function ruleExpressions(): string[] {
  return rules().map(({ expr }) => expr);
}

/** Returns promtool's tests of alerts. */
export function alertTests(): AlertTest[] {
  const files = yamlFiles('tests') as TestFile[];
  return files.flatMap(({ tests }) => tests.flatMap((each) => each.alert_rule_test ?? []));
}

/** Returns the dashboard as Grafana reads it. */
export function dashboardFile(): { readonly panels: readonly PanelModel[] } {
  const text = readFileSync(join(OBSERVABILITY, 'grafana/dashboards/contacts.json'), 'utf8');
  return JSON.parse(text) as { panels: PanelModel[] };
}

/** Returns the dashboard's queries, as they are in the file. */
export function panelQueries(): PanelQuery[] {
  return dashboardFile().panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ panel: title, expr })),
  );
}

/** Returns the names of the metrics that an expression reads; recorded series are not among them. */
export function metricsIn(expr: string): string[] {
  const withoutStrings = expr.replaceAll(/"[^"]*"/g, '""');
  return [
    ...withoutStrings.matchAll(/(?<![\w:])(?:contacts|nodejs|process|rabbitmq|prometheus|alertmanager)_\w+/g),
  ].map(([name]) => name);
}

/** Returns what is wrong with the alerts' labels, links, sections of the handbook and tests. */
export function alertProblems(all: readonly Alert[], handbook: string, tests: readonly AlertTest[]): string[] {
  const sections = [...handbook.matchAll(/^### (\w+)$/gm)].map(([, name = '']) => name);
  const names = new Set(all.map(({ alert }) => alert));
  return [
    ...all.flatMap((alert) => problemsOf(alert)),
    ...[...names].filter((name) => !sections.includes(name)).map((name) => `${name}: no section in the handbook`),
    ...sections.filter((name) => !names.has(name)).map((name) => `${name}: a section without an alert`),
    ...sections.filter((name, index) => sections.indexOf(name) !== index).map((name) => `${name}: two sections`),
    ...[...names].flatMap((name) => testProblems(name, tests)),
  ];
}

/** Fires always, by intent. */
const NEVER_QUIET = 'ContactsWatchdog';

function problemsOf({ alert, labels, annotations }: Alert): string[] {
  const problems: string[] = [];
  if (!['critical', 'warning', 'none'].includes(labels.severity)) problems.push(`${alert}: severity`);
  if (!(annotations.summary.length > 0)) problems.push(`${alert}: summary`);
  const link = `{{ or $externalLabels.runbooks "docs/operations/alerts.md" }}#${alert.toLowerCase()}`;
  if (annotations.runbook_url !== link) problems.push(`${alert}: runbook_url is not ${link}`);
  return problems;
}

function testProblems(name: string, tests: readonly AlertTest[]): string[] {
  const own = tests.filter(({ alertname }) => alertname === name);
  const fires = own.some(({ exp_alerts: expected }) => expected.length > 0);
  const quiet = own.some(({ exp_alerts: expected }) => expected.length === 0) || name === NEVER_QUIET;
  return [
    ...(fires ? [] : [`${name}: no test in which it fires`]),
    ...(quiet ? [] : [`${name}: no test in which it is silent`]),
  ];
}
