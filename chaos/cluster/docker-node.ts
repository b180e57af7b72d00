import { ROOT, attempt, run } from '../../infrastructure/command.ts';
import { containerActions, type OwnServer } from '../../test/support/servers.ts';

const STOP_SECONDS = 60;
/** Leaders move, and connections close, within this time. */
const DRAIN_LIMIT_MS = 60_000;

/** One node of the cluster. Its address and its data survive kill, stop and start. */
export interface ClusterNode extends OwnServer {
  /** The node's name inside the cluster, such as `rabbit@rabbitmq1`. */
  readonly name: string;
  readonly running: boolean;
  /**
   * As for an upgrade: moves the leaders away, closes the connections, stops the node, and continues
   * with its data in a new container of this image. Does not wait for the node.
   */
  replace(image: string): Promise<void>;
}

/** What all nodes of a cluster have in common. */
export interface NodeSettings {
  readonly image: string;
  readonly network: string;
  readonly cookie: string;
  /** RabbitMQ's cluster_partition_handling. */
  readonly partitionHandling: string;
}

/** A node as a container. Its data is on a volume, so that another container may continue with it. */
export class DockerNode implements ClusterNode {
  readonly name: string;
  readonly url: string;
  readonly id: string;
  readonly #host: string;
  readonly #settings: NodeSettings;
  readonly #port: number;
  readonly #actions: ReturnType<typeof containerActions>;
  readonly exec: OwnServer['exec'];
  readonly exitCode: OwnServer['exitCode'];
  /** Not while it is stopped or frozen. */
  running = true;

  constructor(host: string, port: number, settings: NodeSettings) {
    this.#host = host;
    this.#settings = settings;
    this.#port = port;
    this.name = `rabbit@${host}`;
    this.id = `${settings.network}-${host}`;
    this.url = `amqp://guest:guest@127.0.0.1:${port}`;
    this.#actions = containerActions(this.id, STOP_SECONDS);
    this.exec = this.#actions.exec;
    this.exitCode = this.#actions.exitCode;
  }

  async create(image = this.#settings.image): Promise<void> {
    const { network, cookie, partitionHandling } = this.#settings;
    const place = ['--network', network, '--hostname', this.#host, '--network-alias', this.#host];
    const variables = [
      'RABBITMQ_DEFAULT_USER=guest',
      'RABBITMQ_DEFAULT_PASS=guest',
      `RABBITMQ_ERLANG_COOKIE=${cookie}`,
      `RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-rabbit cluster_partition_handling ${partitionHandling}`,
    ];
    const settings = `${ROOT}/config/rabbitmq/cluster.conf:/etc/rabbitmq/conf.d/95-cluster.conf:ro`;
    const container = [
      '--name',
      this.id,
      '-p',
      `127.0.0.1:${this.#port}:5672`,
      '-v',
      settings,
      '-v',
      `${this.id}:/var/lib/rabbitmq`,
    ];
    const environment = variables.flatMap((variable) => ['-e', variable]);
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

  async replace(image: string): Promise<void> {
    await this.exec('rabbitmq-upgrade', '-q', 'await_online_quorum_plus_one', '--timeout', '60');
    await run('docker', ['exec', this.id, 'rabbitmq-upgrade', '-q', 'drain'], { limitMs: DRAIN_LIMIT_MS });
    await this.stop();
    await run('docker', ['rm', this.id]);
    await this.create(image);
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
    await attempt('docker', ['volume', 'rm', this.id], { cleanup: true });
  }
}
