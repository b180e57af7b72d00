import type { FaultContext, FaultKind } from '../faults/fault.ts';
import type { Random } from '../random.ts';
import type { ClusterNode } from './docker-node.ts';
import type { ClusterTestbed } from './cluster-testbed.ts';

export interface ClusterContext extends FaultContext {
  readonly testbed: ClusterTestbed;
}

/** A kind of fault on a cluster. It cannot run on a single broker. */
export function onCluster(
  name: string,
  weight: number,
  begin: (context: ClusterContext) => ReturnType<FaultKind['begin']>,
): FaultKind {
  return { name, weight, begin: (context) => begin(context as ClusterContext) };
}

export function between(random: Random, [least, most]: readonly [number, number]): number {
  return random.between(least, most);
}

/** Ends what the nodes suffer, and waits until the cluster is whole again. */
export async function whole(
  { testbed: { cluster } }: ClusterContext,
  nodes: readonly ClusterNode[],
  end: 'start' | 'resume',
): Promise<void> {
  for (const node of nodes) await node[end]();
  await cluster.whole();
}

export async function healed({ testbed: { cluster } }: ClusterContext): Promise<void> {
  await cluster.heal();
  await cluster.whole();
}
