import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { attempt, type CommandResult } from '../../infrastructure/command.ts';
import { ensureDocker } from '../../infrastructure/docker.ts';
import { ensureGoImage } from '../../infrastructure/go-image.ts';
import { baseSettings, KUBERNETES, manifestsIn, only, unmountedFiles, variablesOf } from '../support/kubernetes.ts';

const SCHEMAS = '/schemas/{{.Group}}-{{.ResourceAPIVersion}}-{{.ResourceKind}}.json';

let image: string;
let folder: string;

beforeAll(async () => {
  await ensureDocker();
  image = await ensureGoImage('test/support/manifest-judge');
}, 1_800_000);

/** A copy of the manifests, for a test to damage. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'contacts-kubernetes-'));
  // The programs in the containers are not root.
  chmodSync(folder, 0o755);
  cpSync(KUBERNETES, folder, { recursive: true });
  return () => rmSync(folder, { recursive: true });
});

const inImage = (program: string, ...args: readonly string[]): Promise<CommandResult> =>
  attempt('docker', ['run', '--rm', '--network', 'none', '-v', `${folder}:/files:ro`, image, program, ...args]);

async function built(kustomization: string): Promise<string> {
  const { code, stdout, output } = await inImage('/kustomize', 'build', `/files/${kustomization}`);
  expect(code, output).toBe(0);
  return stdout;
}

/** Builds a kustomization and checks it against the schemas. */
async function judged(kustomization: string): Promise<{ code: number; output: string }> {
  const text = await built(kustomization);
  writeFileSync(join(folder, 'built.yaml'), text);
  const flags = ['-strict', '-summary', '-schema-location', SCHEMAS];
  const { code, output } = await inImage('/kubeconform', ...flags, '/files/built.yaml');
  return { code, output };
}

function damage(file: string, from: string, to: string): void {
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
}

test('base and example are built, and each object has its schema', async () => {
  const base = await judged('base');
  expect(base).toMatchObject({
    code: 0,
    output: expect.stringContaining('Valid: 5, Invalid: 0, Errors: 0, Skipped: 0') as string,
  });
  const example = await judged('overlays/example');
  expect(example).toMatchObject({
    code: 0,
    output: expect.stringContaining('Valid: 9, Invalid: 0, Errors: 0, Skipped: 0') as string,
  });
});

test('the schemas refuse a wrong name or word in each kind', async () => {
  damage('base/deployment.yaml', 'readOnlyRootFilesystem: true', 'readOnlyRootFileSystem: true');
  damage('base/disruption-budget.yaml', 'AlwaysAllow', '5');
  damage('base/network-policy.yaml', 'policyTypes: [Ingress, Egress]', 'policyTypes: Egress');
  damage('components/scaling/scaled-object.yaml', 'behavior: currentReplicasIfHigher', 'behavior: somehow');
  damage('components/scaling/scaled-object.yaml', 'secretTargetRef:', 'secretTarget:');
  damage('components/monitoring/pod-monitor.yaml', 'interval: 15s', 'interval: often');
  const { code, output } = await judged('overlays/example');
  expect(code).toBe(1);
  expect(output).toContain('Valid: 3, Invalid: 6');
  const kinds = [
    'Deployment',
    'PodDisruptionBudget',
    'NetworkPolicy',
    'ScaledObject',
    'TriggerAuthentication',
    'PodMonitor',
  ];
  for (const kind of kinds) expect(output).toMatch(new RegExp(`${kind} contacts-worker is invalid`));
});

describe('in the example', () => {
  test('each file that a setting names is mounted, those of TLS too', async () => {
    const manifests = manifestsIn(await built('overlays/example'));
    const pod = only(manifests, 'Deployment').spec.template.spec;
    expect(Object.keys(variablesOf(pod))).toHaveLength(10);
    expect(unmountedFiles(pod)).toEqual([]);
  });

  test('the scaler follows REQUEST_QUEUE, and alone decides on the number of workers', async () => {
    damage('overlays/example/kustomization.yaml', '- LIST_MAX_PER_PAGE=500', '- REQUEST_QUEUE=contacts.other');
    const manifests = manifestsIn(await built('overlays/example'));
    expect(only(manifests, 'ConfigMap').data['REQUEST_QUEUE']).toBe('contacts.other');
    expect(only(manifests, 'ScaledObject').spec.triggers[0]?.metadata['queueName']).toBe('contacts.other');
    expect(only(manifests, 'Deployment').spec.replicas).toBeUndefined();
  });

  test('a changed setting replaces the pods: it changes the name of the ConfigMap', async () => {
    const names = async (): Promise<string> =>
      only(manifestsIn(await built('overlays/example')), 'ConfigMap').metadata.name;
    const before = await names();
    damage('base/settings.env', `PREFETCH=${baseSettings()['PREFETCH']}`, 'PREFETCH=128');
    expect(await names()).not.toBe(before);
  });

  test('workers reach the database outside the cluster by its addresses, and the collector', async () => {
    const { egress } = only(manifestsIn(await built('overlays/example')), 'NetworkPolicy').spec;
    expect(egress.map(({ ports }) => ports[0]?.port)).toEqual([53, 5672, 27017, 4318]);
    expect(JSON.stringify(egress[2])).toContain('10.20.0.0/24');
  });
});
