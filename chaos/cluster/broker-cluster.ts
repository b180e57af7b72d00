import { randomBytes } from 'node:crypto';

import { freePort } from '../../infrastructure/addresses.ts';
import { attempt, run } from '../../infrastructure/command.ts';
import { ensureImages } from '../../infrastructure/images.ts';
import { waitFor } from '../../infrastructure/progress.ts';
import { amqpProblem } from '../../infrastructure/servers.ts';
import { DockerNode, type ClusterNode } from './docker-node.ts';

const START_LIMIT_MS = 120_000;
/** The names that config/rabbitmq/cluster.conf lists. */
const HOSTS = ['rabbitmq1', 'rabbitmq2', 'rabbitmq3'] as const;

/** Three RabbitMQ nodes in a Docker network of their own. */
export interface BrokerCluster {
  readonly nodes: readonly ClusterNode[];
  /** The nodes' image, and the one that an upgrade continues with. */
  readonly images: { readonly current: string; readonly next: string };
  /** A node that runs and is not frozen; the first one where none does. */
  reachable(): ClusterNode;
  /** The node on which the queue's leader is; `undefined` where no node can tell. */
  leaderOf(queue: string): Promise<ClusterNode | undefined>;
  /** How many workers consume at each node that the reachable one sees. */
  consumersByNode(): Promise<ReadonlyMap<ClusterNode, number>>;
  /** Drops all packets between the groups; packets inside a group still pass. */
  partition(groups: readonly (readonly ClusterNode[])[]): Promise<void>;
  /** Ends every partition. */
  heal(): Promise<void>;
  /** Waits until all nodes run and see each other. */
  whole(): Promise<void>;
  remove(): Promise<void>;
}

/** RabbitMQ's own default. */
const DEFAULT_HANDLING = 'ignore';

/**
 * Starts the cluster. Pushes each clean-up step to the front of `undo`. RABBITMQ_NEXT_IMAGE names the
 * image of an upgrade; by default it is the same.
 */
export async function startCluster(
  undo: (() => Promise<unknown>)[],
  partitionHandling = DEFAULT_HANDLING,
): Promise<BrokerCluster> {
  const { rabbitmq: image } = await ensureImages('rabbitmq');
  const network = `contacts-chaos-${randomBytes(4).toString('hex')}`;
  await run('docker', ['network', 'create', network]);
  undo.unshift(() => attempt('docker', ['network', 'rm', network], { cleanup: true }));
  const cookie = randomBytes(16).toString('hex');
  const nodes = await Promise.all(
    HOSTS.map(async (host) => {
      const node = new DockerNode(host, await freePort(), { image, network, cookie, partitionHandling });
      undo.unshift(() => node.remove());
      await node.create();
      return node;
    }),
  );
  const cluster = new DockerCluster(nodes, { current: image, next: process.env['RABBITMQ_NEXT_IMAGE'] ?? image });
  await cluster.whole();
  return cluster;
}

class DockerCluster implements BrokerCluster {
  readonly nodes: readonly DockerNode[];
  readonly images: BrokerCluster['images'];
  #partitioned: readonly DockerNode[] = [];

  constructor(nodes: readonly DockerNode[], images: BrokerCluster['images']) {
    this.nodes = nodes;
    this.images = images;
  }

  reachable(): DockerNode {
    const apart = (node: DockerNode): boolean => this.#partitioned.includes(node);
    const found = this.nodes.find((node) => node.running && !apart(node)) ?? this.nodes[0];
    if (found === undefined) throw new Error('the cluster has no node');
    return found;
  }

  async leaderOf(queue: string): Promise<DockerNode | undefined> {
    const listed = ['rabbitmqctl', '-q', 'list_queues', 'name', 'leader', '--no-table-headers', '--timeout', '15'];
    const table = await this.reachable().exec(...listed);
    const row = table.split('\n').find((line) => line.startsWith(`${queue}\t`));
    return this.nodes.find(({ name }) => name === row?.split('\t')[1]);
  }

  async consumersByNode(): Promise<ReadonlyMap<ClusterNode, number>> {
    const listed = ['list_connections', 'pid', 'client_properties', '--no-table-headers', '--timeout', '15'];
    const table = await this.reachable().exec('rabbitmqctl', '-q', ...listed);
    const rows = table.split('\n').filter((row) => row.includes('contacts-worker consume'));
    return new Map(this.nodes.map((node) => [node, rows.filter((row) => row.startsWith(`<${node.name}.`)).length]));
  }

  async partition(groups: readonly (readonly ClusterNode[])[]): Promise<void> {
    const groupOf = (node: ClusterNode): number => groups.findIndex((group) => group.includes(node));
    const addresses = new Map(await Promise.all(this.nodes.map(async (node) => [node, await node.address()] as const)));
    const largest = groups.toSorted((one, other) => other.length - one.length)[0] ?? [];
    this.#partitioned = this.nodes.filter((node) => !largest.includes(node));
    for (const node of this.nodes) {
      for (const [other, address] of addresses) {
        if (other !== node && groupOf(other) !== groupOf(node)) {
          await node.firewall('-A', 'INPUT', '-s', address, '-j', 'DROP');
        }
      }
    }
  }

  async heal(): Promise<void> {
    for (const node of this.nodes) if (node.running) await node.firewall('-F', 'INPUT');
    this.#partitioned = [];
  }

  async whole(): Promise<void> {
    for (const node of this.nodes) {
      await waitFor(node.id, START_LIMIT_MS, async () => {
        const online = ['rabbitmqctl', '-q', 'await_online_nodes', String(this.nodes.length), '--timeout', '5'];
        const { code } = await attempt('docker', ['exec', node.id, ...online]);
        return code === 0 && (await amqpProblem(node.url)) === undefined ? true : undefined;
      });
    }
  }

  async remove(): Promise<void> {
    for (const node of this.nodes) await node.remove();
  }
}
