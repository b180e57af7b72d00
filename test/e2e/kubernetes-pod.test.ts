import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { freePort } from '../../infrastructure/addresses.ts';
import { attempt, run } from '../../infrastructure/command.ts';
import { removeServers, startServers, type Servers } from '../../infrastructure/servers.ts';
import { codesIn, getRequest } from '../support/documents.ts';
import { baseSettings, podOf, type Probe } from '../support/kubernetes.ts';
import { Requester } from '../support/requester.ts';
import { testImages, type TestImages } from '../support/test-images.ts';

// Docker in the place of a kubelet: the container gets what the manifest says, and nothing else.
const POD = podOf('base/deployment.yaml');
const [WORKER] = POD.containers;
const NAME = `contacts-pod-${randomBytes(4).toString('hex')}`;
const BRIDGE = '{{.NetworkSettings.Networks.bridge.IPAddress}}';

let images: TestImages;
let servers: Servers;
let folder: string;

const inspect = (container: string, format: string): Promise<string> =>
  run('docker', ['inspect', '-f', format, container]);

/** Runs the container of the manifest, on a Secret with these files. */
async function startPod(secret: Readonly<Record<string, string>>): Promise<void> {
  const { runAsUser, runAsGroup, fsGroup } = POD.securityContext;
  const [volume] = POD.volumes;
  for (const { key, path } of volume?.secret.items ?? []) {
    const file = join(folder, path);
    writeFileSync(file, secret[key] ?? '');
    chmodSync(file, volume?.secret.defaultMode ?? 0);
    chownSync(file, 0, fsGroup);
  }
  chmodSync(folder, 0o755);
  const variables = Object.entries(baseSettings()).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  const memory = WORKER.resources.limits['memory']?.replace('Mi', 'm') ?? '';
  const rights = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--memory', memory];
  const user = ['--user', `${runAsUser}:${runAsGroup}`, '--group-add', String(fsGroup)];
  const mounts = WORKER.volumeMounts.flatMap(({ mountPath }) => ['-v', `${folder}:${mountPath}:ro`]);
  await run('docker', ['run', '-d', '--name', NAME, ...rights, ...user, ...mounts, ...variables, images.worker]);
}

/** Returns whether a probe passes, as a kubelet sees it. */
async function passes({ httpGet, timeoutSeconds }: Probe): Promise<boolean> {
  const port = WORKER.ports.find(({ name }) => name === httpGet.port)?.containerPort;
  const url = `http://${await inspect(NAME, BRIDGE)}:${port}${httpGet.path}`;
  const signal = AbortSignal.timeout(timeoutSeconds * 1_000);
  return fetch(url, { signal }).then(
    ({ ok }) => ok,
    () => false,
  );
}

beforeAll(async () => {
  images = await testImages();
  folder = mkdtempSync(join(tmpdir(), 'contacts-pod-'));
  const [amqp, management, mongodb] = [await freePort(), await freePort(), await freePort()];
  servers = await startServers(NAME, { amqp, management, mongodb });
  const [broker, database] = await Promise.all(servers.names.map((name) => inspect(name, BRIDGE)));
  await startPod({
    amqp_url: `amqp://guest:guest@${broker}:5672`,
    mongodb_url: `mongodb://${database}:27017/contacts`,
  });
}, 900_000);

afterAll(async () => {
  await attempt('docker', ['rm', '-f', '-v', NAME]);
  await removeServers(servers?.names ?? []);
  await images?.remove();
  rmSync(folder, { recursive: true, force: true });
});

const poll = { timeout: 60_000 };

test('as the manifest restricts it, the worker starts, becomes ready and answers', async () => {
  await expect.poll(() => passes(WORKER.startupProbe), poll).toBe(true);
  await expect.poll(() => passes(WORKER.readinessProbe), poll).toBe(true);
  const requester = await Requester.open(servers.amqpUrl, baseSettings()['REQUEST_QUEUE']!);
  try {
    expect(codesIn((await requester.request(getRequest(1))).xml)).toEqual(['NOT_FOUND']);
  } finally {
    await requester.close();
  }
});

test('while the database does not answer, only readiness fails', async () => {
  const [, database] = servers.names;
  await run('docker', ['pause', database]);
  try {
    await expect.poll(() => passes(WORKER.readinessProbe), poll).toBe(false);
    expect(await passes(WORKER.livenessProbe)).toBe(true);
  } finally {
    await run('docker', ['unpause', database]);
  }
  await expect.poll(() => passes(WORKER.readinessProbe), poll).toBe(true);
});

test('SIGTERM ends it within its grace period, with exit code 0', async () => {
  await run('docker', ['stop', '-t', String(POD.terminationGracePeriodSeconds), NAME]);
  expect(await inspect(NAME, '{{.State.ExitCode}}')).toBe('0');
});
