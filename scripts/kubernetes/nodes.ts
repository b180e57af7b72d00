import type { Cluster } from './cluster.ts';

/** The zone of each node; node-0 is the first. */
export const ZONES = ['a', 'a', 'b', 'b'] as const;

/** Adds nodes on which pods are scheduled. No kubelet runs there. */
export async function addNodes(cluster: Cluster): Promise<void> {
  const resources = { cpu: '4', memory: '8Gi', pods: '20' };
  const nodes = ZONES.map((zone, index) => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: `node-${index}`,
      labels: { 'kubernetes.io/hostname': `node-${index}`, 'topology.kubernetes.io/zone': zone },
    },
    status: {
      capacity: resources,
      allocatable: resources,
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  }));
  await cluster.succeed('create', '-f', cluster.file('nodes.json', { apiVersion: 'v1', kind: 'List', items: nodes }));
  await cluster.succeed('taint', 'nodes', '--all', 'node.kubernetes.io/not-ready-');
}
