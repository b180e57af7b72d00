import { INSTANT, type FaultKind } from '../faults/fault.ts';
import type { ClusterNode } from './docker-node.ts';
import { onCluster } from './on-cluster.ts';

/** Beyond the time in which a worker notices a silent node. */
const FROZEN_MS = 8_000;
const KILLED_MS = 2_000;

/** Does this to one node after the other. The next follows once the cluster is whole. */
function oneByOne(name: string, act: (node: ClusterNode, nextImage: string) => Promise<void>): FaultKind {
  return onCluster(name, 2, async ({ testbed: { cluster }, random }) => {
    for (const node of random.shuffled(cluster.nodes)) {
      await act(node, cluster.images.next);
      await cluster.whole();
    }
    return INSTANT;
  });
}

function lasting(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** What happens to every node, one after the other. */
export const maintenanceFaults: readonly FaultKind[] = [
  oneByOne('rolling restart of all nodes', async (node) => {
    await node.stop();
    await node.start();
  }),
  oneByOne('rolling upgrade: each node drained and replaced', (node, image) => node.replace(image)),
  oneByOne('each node killed in turn', async (node) => {
    await node.kill();
    await lasting(KILLED_MS);
    await node.start();
  }),
  oneByOne('each node frozen in turn', async (node) => {
    await node.pause();
    await lasting(FROZEN_MS);
    await node.resume();
  }),
];
