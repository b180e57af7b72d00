import { randomBytes } from 'node:crypto';

import { freePort } from '../../infrastructure/addresses.ts';
import { ROOT, attempt, run } from '../../infrastructure/command.ts';
import { ensureImages } from '../../infrastructure/images.ts';
import { waitFor } from '../../infrastructure/progress.ts';
import { amqpProblem } from '../../infrastructure/servers.ts';
import { containerActions, type OwnServer } from '../../test/support/servers.ts';

const START_LIMIT_MS = 120_000;
const STOP_SECONDS = 60;
/** The names that config/rabbitmq/cluster.conf lists. */
const HOSTS = ['rabbitmq1', 'rabbitmq2', 'rabbitmq3'] as const;

/** One node of the cluster. Its address and its data survive kill, stop and start. */
export interface ClusterNode extends OwnServer {
  /** The node's name inside the cluster, such as `rabbit@rabbitmq1`. */
  readonly name: string;
  readonly running: boolean;
}

/** Three RabbitMQ nodes in a Docker network of their own. */
export interface BrokerCluster {
  readonly nodes: readonly ClusterNode[];
  /** A node that runs and is not frozen; the first one where none does. */
  reachable(): ClusterNode;
  /** The node on which the queue's leader is; `undefined` where no node can tell. */
  leaderOf(queue: string): Promise<ClusterNode | undefined>;
  /** Drops all packets between the groups; packets inside a group still pass. */
  partition(groups: readonly (readonly ClusterNode[])[]): Promise<void>;
  /** Ends every partition. */
  heal(): Promise<void>;
  /** Waits until all nodes run and see each other. */
  whole(): Promise<void>;
  remove(): Promise<void>;
}

/** Starts the cluster. Pushes each clean-up step to the front of `undo`. */
export async function startCluster(undo: (() => Promise<unknown>)[]): Promise<BrokerCluster> {
  const { rabbitmq: image } = await ensureImages('rabbitmq');
  const network = `contacts-chaos-${randomBytes(4).toString('hex')}`;
  await run('docker', ['network', 'create', network]);
  undo.unshift(() => attempt('docker', ['network', 'rm', network], { cleanup: true }));
  const cookie = randomBytes(16).toString('hex');
  const nodes = await Promise.all(
    HOSTS.map(async (host) => {
      const node = new DockerNode(host, network, await freePort());
      undo.unshift(() => node.remove());
      await node.create(image, cookie);
      return node;
    }),
  );
  const cluster = new DockerCluster(nodes);
  await cluster.whole();
  return cluster;
}

class DockerNode implements ClusterNode {
  readonly name: string;
  readonly url: string;
  readonly id: string;
  readonly #host: string;
  readonly #network: string;
  readonly #port: number;
  readonly #actions: ReturnType<typeof containerActions>;
  readonly exec: OwnServer['exec'];
  readonly exitCode: OwnServer['exitCode'];
  /** Not while it is stopped or frozen. */
  running = true;

  constructor(host: string, network: string, port: number) {
    this.#host = host;
    this.#network = network;
    this.#port = port;
    this.name = `rabbit@${host}`;
    this.id = `${network}-${host}`;
    this.url = `amqp://guest:guest@127.0.0.1:${port}`;
    this.#actions = containerActions(this.id, STOP_SECONDS);
    this.exec = this.#actions.exec;
    this.exitCode = this.#actions.exitCode;
  }

  async create(image: string, cookie: string): Promise<void> {
    const place = ['--network', this.#network, '--hostname', this.#host, '--network-alias', this.#host];
    const users = ['RABBITMQ_DEFAULT_USER=guest', 'RABBITMQ_DEFAULT_PASS=guest', `RABBITMQ_ERLANG_COOKIE=${cookie}`];
    const settings = `${ROOT}/config/rabbitmq/cluster.conf:/etc/rabbitmq/conf.d/95-cluster.conf:ro`;
    const container = ['--name', this.id, '-p', `127.0.0.1:${this.#port}:5672`, '-v', settings];
    const environment = users.flatMap((variable) => ['-e', variable]);
    await run('docker', ['run', '-d', ...container, ...place, ...environment, image]);
  }

  async pause(): Promise<void> {
    await this.#actions.pause();
    this.running = false;
  }

  async resume(): Promise<void> {
    await this.#actions.resume();
    this.running = true;
  }

  async kill(): Promise<void> {
    this.running = false;
    await this.#actions.kill();
  }

  async stop(): Promise<void> {
    this.running = false;
    await this.#actions.stop();
  }

  /** Does not wait: a node without its majority is not usable. `whole` waits. */
  async start(): Promise<void> {
    await this.#actions.start();
    this.running = true;
  }

  /** The address inside the cluster's network. */
  async address(): Promise<string> {
    const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';
    return (await run('docker', ['inspect', '-f', format, this.id])).trim();
  }

  /** Runs iptables in the node's own network namespace. */
  async firewall(...args: readonly string[]): Promise<void> {
    const pid = (await run('docker', ['inspect', '-f', '{{.State.Pid}}', this.id])).trim();
    await run('nsenter', ['-t', pid, '-n', 'iptables', '-w', ...args]);
  }

  async remove(): Promise<void> {
    await attempt('docker', ['rm', '-f', '-v', this.id], { cleanup: true });
  }
}

class DockerCluster implements BrokerCluster {
  readonly nodes: readonly DockerNode[];
  #partitioned: readonly DockerNode[] = [];

  constructor(nodes: readonly DockerNode[]) {
    this.nodes = nodes;
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
