import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from '../../infrastructure/command.ts';
import { waitFor } from '../../infrastructure/progress.ts';
import type { Cluster } from './cluster.ts';
import { addNodes, ZONES } from './nodes.ts';

/** One statement about the manifests, and how the control plane shows it. Throws where it does not hold. */
export interface ClusterCheck {
  readonly name: string;
  readonly run: (cluster: Cluster) => Promise<void>;
}

interface PodTemplate {
  readonly volumes: readonly {
    readonly secret: {
      readonly secretName: string;
      readonly items: readonly { readonly key: string }[];
    };
  }[];
}

interface Pod {
  readonly metadata: { readonly name: string; readonly deletionGracePeriodSeconds?: number };
  readonly spec: { readonly nodeName?: string };
}

const NAMESPACE = ['--namespace', 'contacts'] as const;
const SECRET_FILES = [
  'amqp_url',
  'mongodb_url',
  'ca.pem',
  'worker.pem',
  'worker-key.pem',
  'worker-both.pem',
  'scaler_host',
] as const;

function expectThat(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

/** The API server refuses it, in these words. */
async function refused(cluster: Cluster, words: RegExp, ...args: readonly string[]): Promise<void> {
  const { code, output } = await cluster.kubectl(...args);
  expectThat(code !== 0, `accepted: kubectl ${args.join(' ')}`);
  expectThat(words.test(output), `refused otherwise: ${output}`);
}

async function podTemplate(cluster: Cluster): Promise<PodTemplate> {
  const text = await cluster.succeed('get', 'deployment', 'contacts-worker', ...NAMESPACE, '-o', 'json');
  return (JSON.parse(text) as { spec: { template: { spec: PodTemplate } } }).spec.template.spec;
}

async function podsOf(cluster: Cluster): Promise<readonly Pod[]> {
  const text = await cluster.succeed(
    'get',
    'pods',
    ...NAMESPACE,
    '-l',
    'app.kubernetes.io/name=contacts-worker',
    '-o',
    'json',
  );
  return (JSON.parse(text) as { items: readonly Pod[] }).items;
}

/** What the kubelet would report. */
async function report(cluster: Cluster, pod: string, isReady: boolean): Promise<void> {
  const status = isReady ? 'True' : 'False';
  const conditions = ['Ready', 'ContainersReady'].map((type) => ({ type, status }));
  const patch = JSON.stringify({ status: { phase: 'Running', conditions } });
  await cluster.succeed('patch', 'pod', pod, ...NAMESPACE, '--subresource=status', '--patch', patch);
}

function eviction(cluster: Cluster, pod: string): readonly string[] {
  const file = cluster.file(`${pod}.json`, {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name: pod, namespace: 'contacts' },
  });
  return ['create', '--raw', `/api/v1/namespaces/contacts/pods/${pod}/eviction`, '-f', file];
}

/** Waits until the budget knows how many workers may be stopped. */
async function allowed(cluster: Cluster, count: string): Promise<void> {
  const path = '-o=jsonpath={.status.disruptionsAllowed}';
  await waitFor(`the budget to allow ${count}`, 60_000, async () =>
    (await cluster.succeed('get', 'poddisruptionbudget', 'contacts-worker', ...NAMESPACE, path)) === count
      ? true
      : undefined,
  );
}

export const CLUSTER_CHECKS: readonly ClusterCheck[] = [
  {
    name: 'the API server accepts the definitions of KEDA and of the Prometheus operator',
    run: async (cluster) => {
      await cluster.succeed('apply', '--server-side', '-f', '/crds');
      await cluster.succeed('wait', '--for=condition=Established', '--timeout=60s', '-f', '/crds');
    },
  },
  {
    name: 'four nodes exist, in two zones',
    run: addNodes,
  },
  {
    name: 'the commands of docs/kubernetes.md install the example, without a warning',
    run: async (cluster) => {
      for (const name of SECRET_FILES) cluster.file(`secrets/${name}`, `content of ${name}`);
      const page = readFileSync(join(ROOT, 'docs/kubernetes.md'), 'utf8');
      const blocks = [...page.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, commands = '']) => commands);
      expectThat(blocks.length === 2, `${blocks.length} blocks of commands`);
      for (const commands of blocks) {
        const { code, output } = await cluster.sh(commands);
        expectThat(code === 0 && !/warning/i.test(output), output);
      }
    },
  },
  {
    name: 'the Secrets have every file that the pods mount',
    run: async (cluster) => {
      const { volumes } = await podTemplate(cluster);
      expectThat(volumes.length === 2, `${volumes.length} volumes`);
      for (const { secret } of volumes) {
        const text = await cluster.succeed('get', 'secret', secret.secretName, ...NAMESPACE, '-o', 'json');
        const { data } = JSON.parse(text) as { data: object };
        for (const { key } of secret.items) expectThat(key in data, `${secret.secretName} has no ${key}`);
      }
    },
  },
  {
    name: 'the base is accepted beside it, without a custom kind',
    run: async (cluster) => {
      const { code, output } = await cluster.kubectl(
        'apply',
        '--server-side',
        '--dry-run=server',
        '--validate=strict',
        ...NAMESPACE,
        '--force-conflicts',
        '-k',
        'deploy/kubernetes/base',
      );
      expectThat(code === 0 && !/warning/i.test(output), output);
    },
  },
  {
    name: 'the namespace refuses a pod that is less restricted (Pod Security, restricted)',
    run: async (cluster) => {
      const spec = await podTemplate(cluster);
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'copy' }, spec };
      const create = ['create', '--dry-run=server', ...NAMESPACE, '-f'] as const;
      await cluster.succeed(...create, cluster.file('copy.json', pod));
      const weaker = { ...pod, spec: { ...spec, securityContext: { runAsUser: 0 } } };
      await refused(cluster, /violates PodSecurity "restricted/, ...create, cluster.file('weaker.json', weaker));
    },
  },
  {
    name: 'an unknown field, and an unknown word of KEDA, are refused',
    run: async (cluster) => {
      const scaler = await cluster.succeed('get', 'scaledobject', 'contacts-worker', ...NAMESPACE, '-o', 'json');
      const damaged = scaler.replace('currentReplicasIfHigher', 'somehow');
      const replace = ['replace', '--dry-run=server', '--validate=strict', '-f'] as const;
      await cluster.succeed(...replace, cluster.file('scaler.json', scaler));
      await refused(cluster, /Unsupported value: "somehow"/, ...replace, cluster.file('damaged.json', damaged));
      const unknown = scaler.replace('"minReplicaCount"', '"minReplicas"');
      await refused(cluster, /unknown field "spec.minReplicas"/, ...replace, cluster.file('unknown.json', unknown));
    },
  },
  {
    name: "the autoscaler's behaviour is one that the API server accepts",
    run: async (cluster) => {
      const text = await cluster.succeed('get', 'scaledobject', 'contacts-worker', ...NAMESPACE, '-o', 'json');
      const { spec } = JSON.parse(text) as {
        spec: {
          minReplicaCount: number;
          maxReplicaCount: number;
          advanced: { horizontalPodAutoscalerConfig: object };
        };
      };
      // As KEDA makes it.
      const target = { type: 'AverageValue', averageValue: '1000' };
      const autoscaler = {
        apiVersion: 'autoscaling/v2',
        kind: 'HorizontalPodAutoscaler',
        metadata: { name: 'keda-hpa-contacts-worker' },
        spec: {
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'contacts-worker' },
          minReplicas: spec.minReplicaCount,
          maxReplicas: spec.maxReplicaCount,
          metrics: [{ type: 'External', external: { metric: { name: 's0-rabbitmq' }, target } }],
          ...spec.advanced.horizontalPodAutoscalerConfig,
        },
      };
      await cluster.succeed(
        'create',
        '--dry-run=server',
        '--validate=strict',
        ...NAMESPACE,
        '-f',
        cluster.file('autoscaler.json', autoscaler),
      );
    },
  },
  {
    name: 'the scheduler spreads two workers over zones and nodes',
    run: async (cluster) => {
      await cluster.succeed('scale', 'deployment', 'contacts-worker', ...NAMESPACE, '--replicas=2');
      await waitFor('two scheduled pods', 60_000, async () => {
        const pods = await podsOf(cluster);
        return pods.length === 2 && pods.every(({ spec }) => spec.nodeName !== undefined) ? true : undefined;
      });
      const nodes = (await podsOf(cluster)).map(({ spec }) => Number(spec.nodeName?.replace('node-', '')));
      expectThat(new Set(nodes.map((node) => ZONES[node])).size === 2, `on the nodes ${nodes.join(', ')}`);
    },
  },
  {
    name: 'the budget lets one worker be evicted, with its grace period, and not the second',
    run: async (cluster) => {
      const [first, second] = (await podsOf(cluster)).map(({ metadata }) => metadata.name);
      for (const pod of [first!, second!]) await report(cluster, pod, true);
      await allowed(cluster, '1');
      await cluster.succeed(...eviction(cluster, first!));
      const evicted = (await podsOf(cluster)).find(({ metadata }) => metadata.name === first);
      expectThat(evicted?.metadata.deletionGracePeriodSeconds === 35, 'the evicted worker has no 35 seconds');
      await allowed(cluster, '0');
      await refused(cluster, /disruption budget/, ...eviction(cluster, second!));
      // Broker or database is unavailable: no worker is ready, and a node can be drained all the same.
      await report(cluster, second!, false);
      await cluster.succeed(...eviction(cluster, second!));
    },
  },
];
