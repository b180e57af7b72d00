import { raiseAlarm } from '../faults/broker.ts';
import { INSTANT, type FaultKind } from '../faults/fault.ts';
import { QUEUE } from '../infrastructure/testbed.ts';
import type { Random } from '../random.ts';
import { workerFaults } from '../faults/workers.ts';
import type { BrokerCluster } from './broker-cluster.ts';
import type { ClusterNode } from './docker-node.ts';
import { apartFaults } from './apart-faults.ts';
import { ownNode } from './cluster-testbed.ts';
import { maintenanceFaults } from './maintenance-faults.ts';
import { between, healed, onCluster, whole, type ClusterContext } from './on-cluster.ts';

/** Who is concerned: some node, the leader of the request queue, or the node of a worker. */
type Choice = readonly [words: string, choose: (context: ClusterContext) => Promise<ClusterNode>];

/** Beyond the time in which a worker, or another node, notices a silent one. */
const FROZEN_MS = [2_000, 25_000] as const;
const KILLED_MS = [0, 8_000] as const;
const NO_MAJORITY_MS = [8_000, 45_000] as const;
const PARTITION_MS = [8_000, 45_000] as const;

const CHOICES: readonly Choice[] = [
  [
    "the queue's leader",
    async ({ testbed: { cluster }, random }) => (await cluster.leaderOf(QUEUE)) ?? random.pick(cluster.nodes),
  ],
  ["a node that is not the queue's leader", ({ testbed: { cluster }, random }) => follower(cluster, random)],
  [
    "a worker's own node",
    ({ testbed, random }) => Promise.resolve(ownNode(testbed.cluster, random.pick(testbed.workers).number)),
  ],
];

async function follower(cluster: BrokerCluster, random: Random): Promise<ClusterNode> {
  const leader = await cluster.leaderOf(QUEUE);
  return random.pick(cluster.nodes.filter((node) => node !== leader));
}

function killed([words, choose]: Choice): FaultKind {
  return onCluster(`${words} killed`, 3, async (context) => {
    const node = await choose(context);
    await node.kill();
    return { holdMs: between(context.random, KILLED_MS), end: () => whole(context, [node], 'start') };
  });
}

function frozen([words, choose]: Choice): FaultKind {
  return onCluster(`${words} frozen`, 3, async (context) => {
    const node = await choose(context);
    await node.pause();
    return { holdMs: between(context.random, FROZEN_MS), end: () => whole(context, [node], 'resume') };
  });
}

function isolated([words, choose]: Choice): FaultKind {
  return onCluster(`network partition: ${words} apart from the others`, 3, async (context) => {
    const { cluster } = context.testbed;
    const node = await choose(context);
    await cluster.partition([[node], cluster.nodes.filter((other) => other !== node)]);
    return { holdMs: between(context.random, PARTITION_MS), end: () => healed(context) };
  });
}

const twoKilled = onCluster('two nodes killed at once (no majority)', 3, async (context) => {
  const { random, testbed } = context;
  const two = random.shuffled(testbed.cluster.nodes).slice(0, 2);
  await Promise.all(two.map((node) => node.kill()));
  return { holdMs: between(random, NO_MAJORITY_MS), end: () => whole(context, two, 'start') };
});

const twoFrozen = onCluster('two nodes frozen at once (no majority)', 3, async (context) => {
  const { random, testbed } = context;
  const two = random.shuffled(testbed.cluster.nodes).slice(0, 2);
  await Promise.all(two.map((node) => node.pause()));
  return { holdMs: between(random, NO_MAJORITY_MS), end: () => whole(context, two, 'resume') };
});

const allKilled = onCluster('all nodes killed at once', 2, async ({ testbed: { broker }, random }) => {
  await broker.kill();
  return { holdMs: between(random, KILLED_MS), end: () => broker.start() };
});

const allApart = onCluster('network partition: every node alone', 2, async (context) => {
  const { cluster } = context.testbed;
  await cluster.partition(cluster.nodes.map((node) => [node]));
  return { holdMs: between(context.random, PARTITION_MS), end: () => healed(context) };
});

const leaderMoved = onCluster(
  "the queue's leader moves to another node",
  3,
  async ({ testbed: { cluster }, random }) => {
    const target = await follower(cluster, random);
    await cluster
      .reachable()
      .exec('rabbitmq-queues', '-q', 'transfer_leadership', QUEUE, target.name)
      .catch(async () => {
        // Not every release has the command under this name.
        await cluster.reachable().exec('rabbitmq-queues', '-q', 'rebalance', 'quorum');
      });
    return INSTANT;
  },
);

function alarm(kind: 'memory' | 'disk'): FaultKind {
  return onCluster(`${kind} alarm of one node`, 2, (context) =>
    raiseAlarm(kind, context.random.pick(context.testbed.cluster.nodes), context, 6_000),
  );
}

/** What can happen to a cluster and its workers. */
export const CLUSTER_FAULTS: readonly FaultKind[] = [
  ...CHOICES.map(killed),
  ...CHOICES.map(frozen),
  ...CHOICES.map(isolated),
  twoKilled,
  twoFrozen,
  allKilled,
  allApart,
  ...apartFaults,
  ...maintenanceFaults,
  leaderMoved,
  alarm('memory'),
  alarm('disk'),
  ...workerFaults.slice(0, 2),
];

/** All kinds in random order, as often as `count` faults need. */
export function clusterPlan(random: Random, count: number, only = ''): FaultKind[] {
  const kinds = CLUSTER_FAULTS.filter(({ name }) => name.includes(only));
  if (kinds.length === 0) return [];
  const rounds = Array.from({ length: Math.ceil(count / kinds.length) }, () => random.shuffled(kinds));
  return rounds.flat().slice(0, count);
}
