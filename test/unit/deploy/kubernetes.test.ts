import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';

import { ROOT } from '../../../infrastructure/command.ts';
import { startHttp } from '../../../src/ops/http.ts';
import { settingsSchema } from '../../../src/settings/config.ts';
import { alerts } from '../../support/observability.ts';
import {
  baseSettings,
  inlinePatches,
  manifestFile,
  only,
  podOf,
  unmountedFiles,
  variablesOf,
  type Probe,
} from '../../support/kubernetes.ts';
import { loadConfig } from '../settings/load-settings.ts';

const SETTINGS = settingsSchema().properties;
const POD = podOf('base/deployment.yaml');
const [WORKER] = POD.containers;
const TLS = podOf('components/tls/deployment.yaml');
const TRACING = podOf('components/tracing/deployment.yaml');
const SCALER = only(manifestFile('components/scaling/scaled-object.yaml'), 'ScaledObject').spec;
const POLICY = only(manifestFile('base/network-policy.yaml'), 'NetworkPolicy').spec;

/** What the files hold that the Secret contacts-worker is made of. */
function secretFile(path: string): string {
  if (path.endsWith('amqp_url')) return 'amqps://contacts-worker:secret@rabbitmq:5671';
  if (path.endsWith('mongodb_url')) return 'mongodb://contacts-worker:secret@mongodb:27017/contacts';
  throw new Error(`no such file: ${path}`);
}

describe('the settings', () => {
  test('the worker accepts those of the base, and they say what its defaults say', () => {
    const settings = baseSettings();
    const config = loadConfig(settings, secretFile);
    const { AMQP_URL_FILE: _amqp, MONGODB_URL_FILE: _mongodb, ...others } = settings;
    for (const [name, value] of Object.entries(others)) expect(value, name).toBe(String(SETTINGS[name]?.default));
    expect(config.amqpUrls).toEqual([secretFile('amqp_url')]);
    expect(config.mongodbUrl).toBe(secretFile('mongodb_url'));
  });

  test('each variable is a setting, a setting from a file, or one of OpenTelemetry that its page lists', () => {
    const page = readFileSync(join(ROOT, 'docs/tracing.md'), 'utf8');
    const known = (name: string): boolean =>
      name in SETTINGS || name.replace(/_FILE$/, '') in SETTINGS || page.includes(`\`${name}\``);
    const names = Object.keys({ ...baseSettings(), ...variablesOf(TLS), ...variablesOf(TRACING) });
    expect(names.length).toBeGreaterThan(13);
    expect(names.filter((name) => !known(name))).toEqual([]);
  });

  test('no URL with a password is a plain variable', () => {
    expect(Object.keys(baseSettings()).filter((name) => name.endsWith('_URL'))).toEqual([]);
  });

  test('each file that a setting names is mounted, as a folder that follows its Secret', () => {
    expect(unmountedFiles(POD)).toEqual([]);
    expect(unmountedFiles(TLS)).toEqual([]);
    for (const { subPath } of [...WORKER.volumeMounts, ...TLS.containers[0].volumeMounts])
      expect(subPath).toBeUndefined();
    const elsewhere = { ...POD, containers: [{ ...WORKER, volumeMounts: [] }] as const };
    expect(unmountedFiles(elsewhere)).toEqual(['/run/secrets/contacts/amqp_url', '/run/secrets/contacts/mongodb_url']);
  });

  test('the component for TLS sets all five files', () => {
    const files = Object.keys(SETTINGS).filter((name) => name.includes('_TLS_'));
    expect(Object.keys(variablesOf(TLS))).toEqual(files);
  });
});

describe('the probes', () => {
  const probes: Readonly<Record<string, Probe>> = {
    startup: WORKER.startupProbe,
    liveness: WORKER.livenessProbe,
    readiness: WORKER.readinessProbe,
  };

  test("ask pages of the worker's HTTP server, at its port", async () => {
    const metrics = { contentType: 'text/plain', text: () => Promise.resolve('') };
    const readiness = () => Promise.resolve({ ready: true, checks: {} });
    const endpoint = await startHttp({ port: 'any', readiness, readinessTimeoutMs: 1_000, metrics });
    onTestFinished(() => endpoint.close());
    const [port] = WORKER.ports;
    expect(String(port?.containerPort)).toBe(baseSettings()['HTTP_PORT']);
    const { podMetricsEndpoints } = only(manifestFile('components/monitoring/pod-monitor.yaml'), 'PodMonitor').spec;
    const pages = [...Object.values(probes).map(({ httpGet }) => httpGet), ...podMetricsEndpoints];
    for (const page of pages) {
      expect(page.port).toBe(port?.name);
      expect((await fetch(`http://127.0.0.1:${endpoint.port}${page.path}`)).status, page.path).toBe(200);
    }
  });

  test('only readiness depends on broker and database', () => {
    const asks = Object.entries(probes).map(([name, { httpGet }]) => [name, httpGet.path]);
    expect(Object.fromEntries(asks)).toEqual({ startup: '/livez', liveness: '/livez', readiness: '/readyz' });
  });

  test('readiness waits longer than the worker itself waits for its checks', () => {
    const [, limit = ''] =
      /READINESS_TIMEOUT_MS = ([\d_]+);/.exec(readFileSync(join(ROOT, 'src/worker.ts'), 'utf8')) ?? [];
    expect(Number(limit.replace('_', ''))).toBeGreaterThan(0);
    expect(WORKER.readinessProbe.timeoutSeconds * 1_000).toBeGreaterThan(Number(limit.replace('_', '')));
  });
});

test('the grace period is above the longest stop: DRAIN_TIMEOUT_MS and seven seconds', () => {
  const setting = SETTINGS['DRAIN_TIMEOUT_MS'];
  expect(setting?.description).toContain('at most seven seconds longer');
  const longest = Number(baseSettings()['DRAIN_TIMEOUT_MS']) / 1_000 + 7;
  expect(POD.terminationGracePeriodSeconds).toBeGreaterThan(longest);
  // A node that is drained waits for it.
  expect(POD.terminationGracePeriodSeconds).toBeLessThan(longest + 10);
});

test("the container's user is the image's, and reads the files of Secrets through its group", () => {
  const [, user, group] = /^USER (\d+):(\d+)$/m.exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8')) ?? [];
  const { runAsUser, runAsGroup, fsGroup } = POD.securityContext;
  expect([runAsUser, runAsGroup, fsGroup].map(String)).toEqual([user, group, group]);
  for (const { secret } of [...POD.volumes, ...TLS.volumes]) expect(secret.defaultMode).toBe(0o440);
});

test('the memory is what was measured, and the limit that of the compose file', () => {
  const compose = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');
  const [, megabytes] = /mem_limit: \$\{WORKER_MEMORY:-(\d+)m\}/.exec(compose) ?? [];
  expect(WORKER.resources.limits).toEqual({ memory: `${megabytes}Mi` });
  const [, measured] =
    /at most (\d+) MiB in any run/.exec(readFileSync(join(ROOT, 'docs/operations/capacity.md'), 'utf8')) ?? [];
  expect(Number.parseInt(WORKER.resources.requests['memory'] ?? '', 10)).toBeGreaterThan(Number(measured));
});

test('everything selects the same pods', () => {
  const deployment = only(manifestFile('base/deployment.yaml'), 'Deployment');
  const { labels } = deployment.spec.template.metadata;
  const selectors = [
    deployment.spec.selector,
    only(manifestFile('base/disruption-budget.yaml'), 'PodDisruptionBudget').spec.selector,
    POLICY.podSelector,
    only(manifestFile('components/monitoring/pod-monitor.yaml'), 'PodMonitor').spec.selector,
    ...POD.topologySpreadConstraints.map(({ labelSelector }) => labelSelector),
  ];
  expect(selectors).toHaveLength(6);
  for (const { matchLabels } of selectors) expect(matchLabels).toEqual(labels);
  expect(SCALER.scaleTargetRef.name).toBe(deployment.metadata.name);
});

test('workers send only to DNS, broker, database and, with traces, the collector', () => {
  const ports = POLICY.egress.map((rule) => rule.ports.map(({ port }) => port));
  expect(POLICY.policyTypes).toEqual(['Ingress', 'Egress']);
  expect(ports).toEqual([[53, 53], [5672, 5671], [27017]]);
  const [added] = inlinePatches('tracing') as { value: { ports: { port: number }[] } }[];
  const endpoint = new URL(variablesOf(TRACING)['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? '');
  expect(added?.value.ports.map(({ port }) => String(port))).toEqual([endpoint.port]);
  expect(POLICY.ingress.map((rule) => rule.ports.map(({ port }) => port))).toEqual([[WORKER.ports[0]?.name]]);
});

describe('the scaler', () => {
  test('counts the requests that wait in REQUEST_QUEUE', () => {
    const [trigger] = SCALER.triggers;
    expect(trigger?.metadata['queueName']).toBe(baseSettings()['REQUEST_QUEUE']);
    // What PREFETCH requests a worker holds is work, not backlog.
    expect(trigger?.metadata['excludeUnacknowledged']).toBe('true');
    expect(Number(trigger?.metadata['value'])).toBeGreaterThan(Number(baseSettings()['PREFETCH']));
  });

  test('starts from the replicas of the base, and alone sets their number', () => {
    const { replicas } = only(manifestFile('base/deployment.yaml'), 'Deployment').spec;
    expect(SCALER.minReplicaCount).toBe(replicas);
    expect(SCALER.maxReplicaCount).toBeGreaterThan(SCALER.minReplicaCount);
    expect(inlinePatches('scaling')).toEqual([{ op: 'remove', path: '/spec/replicas' }]);
  });
});

test('Prometheus names the job as the alerts do', () => {
  const { jobLabel } = only(manifestFile('components/monitoring/pod-monitor.yaml'), 'PodMonitor').spec;
  const { labels } = only(manifestFile('base/deployment.yaml'), 'Deployment').spec.template.metadata;
  const jobs = alerts().flatMap(({ expr }) => [...expr.matchAll(/job="([^"]+)"/g)].map(([, job]) => job));
  expect(jobs).toContain(labels[jobLabel]);
});

test('the pod has no token, and no variables from Services that could be mistaken for settings', () => {
  expect([POD.automountServiceAccountToken, POD.enableServiceLinks]).toEqual([false, false]);
  // What a Service called "http" would set.
  expect(() => loadConfig({ ...baseSettings(), HTTP_PORT: 'tcp://10.0.0.1:80' }, secretFile)).toThrow('HTTP_PORT');
});
