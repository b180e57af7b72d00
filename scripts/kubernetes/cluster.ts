import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { attempt, ROOT, run, type CommandResult } from '../../infrastructure/command.ts';
import { waitFor } from '../../infrastructure/progress.ts';

const PARTS = ['etcd', 'apiserver', 'controllers', 'scheduler'] as const;

/**
 * A control plane without nodes: objects are validated, admitted, stored and scheduled; no container
 * runs.
 */
export interface Cluster {
  /** Runs kubectl as administrator; the definitions of custom kinds in /crds. */
  kubectl(...args: readonly string[]): Promise<CommandResult>;
  /** Runs shell commands of a page, in a checkout with the folder `secrets`, until the first one fails. */
  sh(commands: string): Promise<CommandResult>;
  /** As `kubectl`; throws where it fails. Returns standard output. */
  succeed(...args: readonly string[]): Promise<string>;
  /** Makes an object, or anything that kubectl reads, available to it; returns the path. */
  file(name: string, content: unknown): string;
  remove(): Promise<void>;
}

/** Starts the four parts in containers that share one network, with `crds` from the host's folder. */
export async function startCluster(image: string, crds: string): Promise<Cluster> {
  const name = `contacts-kubernetes-${randomBytes(4).toString('hex')}`;
  const folder = mkdtempSync(join(tmpdir(), 'contacts-kubernetes-'));
  const token = randomBytes(16).toString('hex');
  writeCredentials(folder, token);
  const mounted = { [folder]: '/files', [join(ROOT, 'deploy')]: '/files/deploy', [crds]: '/crds' };
  const mounts = Object.entries(mounted).flatMap(([host, path]) => ['-v', `${host}:${path}:ro`]);
  const container = (part: string): string => `${name}-${part}`;
  const program = [
    '-w',
    '/files',
    container('apiserver'),
    '/control-plane',
    'kubectl',
    '--kubeconfig=/files/kubeconfig',
  ];
  const kubectl = (...args: readonly string[]): Promise<CommandResult> =>
    attempt('docker', ['exec', ...program, ...args], { limitMs: 120_000 });
  const sh = (commands: string): Promise<CommandResult> => {
    const script = `kubectl() { docker exec ${program.join(' ')} "$@"; }\n${commands}`;
    return attempt('bash', ['-e', '-c', script], { limitMs: 120_000 });
  };
  const succeed = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, output } = await kubectl(...args);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${output}`);
    return stdout;
  };
  const remove = async (): Promise<void> => {
    await attempt('docker', ['rm', '-f', '-v', ...PARTS.map(container)], { cleanup: true });
    rmSync(folder, { recursive: true, force: true });
  };
  const file = (path: string, content: unknown): string => {
    writeFileSync(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content));
    return `/files/${path}`;
  };
  try {
    for (const part of PARTS) {
      // All of it is reachable inside these containers only.
      const network = part === 'etcd' ? [] : ['--network', `container:${container('etcd')}`];
      const args = ['run', '-d', '--name', container(part), ...network, ...mounts, image, part, ...FLAGS[part]];
      await run('docker', args);
      if (part === 'apiserver') await waitFor('the API server', 180_000, () => answers(kubectl, '/readyz'));
    }
    await waitFor('the service account of a new namespace', 120_000, async () =>
      (await kubectl('get', 'serviceaccount', 'default')).code === 0 ? true : undefined,
    );
  } catch (error) {
    for (const part of PARTS) console.error((await attempt('docker', ['logs', '--tail', '5', container(part)])).output);
    await remove();
    throw error;
  }
  return { kubectl, sh, succeed, file, remove };
}

async function answers(kubectl: Cluster['kubectl'], page: string): Promise<true | undefined> {
  return (await kubectl('get', '--raw', page)).stdout === 'ok' ? true : undefined;
}

function writeCredentials(folder: string, token: string): void {
  const pem = { type: 'pkcs8', format: 'pem' } as const;
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: pem,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const cluster = { server: 'https://127.0.0.1:6443', 'insecure-skip-tls-verify': true };
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'local', cluster }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'local', context: { cluster: 'local', user: 'admin' } }],
    'current-context': 'local',
  };
  for (const each of ['deploy', 'secrets']) mkdirSync(join(folder, each));
  writeFileSync(join(folder, 'accounts.key'), privateKey);
  writeFileSync(join(folder, 'accounts.pub'), publicKey);
  writeFileSync(join(folder, 'tokens.csv'), `${token},admin,admin,system:masters\n`);
  writeFileSync(join(folder, 'kubeconfig'), JSON.stringify(kubeconfig));
}

const CLIENT = ['--kubeconfig=/files/kubeconfig', '--leader-elect=false'] as const;

const FLAGS: Readonly<Record<(typeof PARTS)[number], readonly string[]>> = {
  etcd: ['--data-dir=/data', '--unsafe-no-fsync', '--log-level=warn'],
  apiserver: [
    '--etcd-servers=http://127.0.0.1:2379',
    '--bind-address=127.0.0.1',
    '--cert-dir=/certificates',
    '--service-cluster-ip-range=10.96.0.0/16',
    '--service-account-issuer=https://kubernetes.default.svc',
    '--service-account-key-file=/files/accounts.pub',
    '--service-account-signing-key-file=/files/accounts.key',
    '--token-auth-file=/files/tokens.csv',
    '--authorization-mode=RBAC',
  ],
  controllers: [
    ...CLIENT,
    '--service-account-private-key-file=/files/accounts.key',
    // No kubelet reports for the nodes, so the controller that watches for silent ones is off.
    '--controllers=*,-node-lifecycle-controller',
  ],
  scheduler: CLIENT,
};
