import { waitFor } from '../../infrastructure/progress.ts';
import { INSTANT, type FaultKind } from '../faults/fault.ts';
import type { WorkerSlot } from '../infrastructure/worker-slot.ts';
import type { ClusterNode } from './docker-node.ts';
import { nodeRoute, ownNode, type ClusterTestbed } from './cluster-testbed.ts';
import { between, healed, onCluster } from './on-cluster.ts';

const SILENT_MS = [8_000, 45_000] as const;
/** A worker looks every 30 s whether its node has a majority, and asks three times. */
const MOVE_LIMIT_MS = 100_000;

/** The worker's way to these nodes swallows every byte. */
async function silence(
  { toxiproxy }: ClusterTestbed,
  { number }: WorkerSlot,
  nodes: readonly ClusterNode[],
): Promise<void> {
  for (const node of nodes) {
    for (const direction of ['up', 'down'] as const) {
      await toxiproxy.addToxic(nodeRoute(number, node), direction, { type: 'timeout', attributes: { timeout: 0 } });
    }
  }
}

function workerApart(
  words: string,
  nodesOf: (testbed: ClusterTestbed, worker: WorkerSlot) => readonly ClusterNode[],
): FaultKind {
  return onCluster(`network partition: a worker apart from ${words}, in silence`, 3, async ({ testbed, random }) => {
    const worker = random.pick(testbed.workers);
    await silence(testbed, worker, nodesOf(testbed, worker));
    return { holdMs: between(random, SILENT_MS), end: () => testbed.toxiproxy.reset() };
  });
}

/** The partition ends once all workers consume on the majority's side, which they find by themselves. */
const consumersMove = onCluster(
  'network partition: a node with consumers apart, until they have moved',
  3,
  async (context) => {
    const { cluster, workers } = context.testbed;
    const used = [...(await cluster.consumersByNode())].filter(([, count]) => count > 0).map(([node]) => node);
    const node = context.random.pick(used);
    const others = cluster.nodes.filter((other) => other !== node);
    await cluster.partition([[node], others]);
    const moved = async (): Promise<true | undefined> => {
      // The nodes do not answer while they notice the partition.
      const byNode = await cluster.consumersByNode().catch(() => new Map<ClusterNode, number>());
      const count = others.reduce((sum, other) => sum + (byNode.get(other) ?? 0), 0);
      return count >= workers.length ? true : undefined;
    };
    try {
      await waitFor('the consumers on the majority’s side', MOVE_LIMIT_MS, moved);
    } finally {
      await healed(context);
    }
    return INSTANT;
  },
);

/** What happens between workers and nodes that are apart. */
export const apartFaults: readonly FaultKind[] = [
  workerApart('one node', ({ cluster }, { number }) => [ownNode(cluster, number)]),
  workerApart('all nodes', ({ cluster }) => cluster.nodes),
  consumersMove,
];
