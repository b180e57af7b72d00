import { ensureDocker } from '../../infrastructure/docker.ts';
import { startDatabase, type OwnServer } from '../../test/support/servers.ts';
import { DATABASE, HEARTBEAT_S, QUEUE, cleanUp, portOf, routeOf } from '../infrastructure/testbed.ts';
import type { Testbed, TestbedSettings } from '../infrastructure/testbed.ts';
import { Toxiproxy } from '../infrastructure/toxiproxy.ts';
import { WorkerSlot } from '../infrastructure/worker-slot.ts';
import { amqp } from '../proxy/amqp.ts';
import { FaultProxy } from '../proxy/fault-proxy.ts';
import { mongodb } from '../proxy/mongodb.ts';
import { startCluster, type BrokerCluster } from './broker-cluster.ts';
import type { ClusterNode } from './docker-node.ts';

/** A testbed whose broker is a cluster. */
export interface ClusterTestbed extends Testbed {
  readonly cluster: BrokerCluster;
}

/** toxiproxy's route from a worker to a node of the cluster. */
export function nodeRoute(worker: number, node: ClusterNode): string {
  return `${routeOf('broker', worker)}-${node.name}`;
}

/** The node that a worker tries first. */
export function ownNode({ nodes }: BrokerCluster, worker: number): ClusterNode {
  const node = nodes[(worker - 1) % nodes.length];
  if (node === undefined) throw new Error('the cluster has no node');
  return node;
}

/** Starts everything except the load. Pushes each clean-up step to the front of `undo`. */
export async function startClusterTestbed(
  settings: TestbedSettings,
  undo: (() => Promise<unknown>)[],
): Promise<ClusterTestbed> {
  await ensureDocker();
  const toxiproxy = await Toxiproxy.start();
  undo.unshift(() => toxiproxy.remove());
  const cluster = await startCluster(undo, settings.partitionHandling);
  const database = await startDatabase();
  undo.unshift(() => database.remove());
  const servers = { cluster, database, toxiproxy };
  const workers: WorkerSlot[] = [];
  for (let number = 1; number <= settings.workers; number += 1) {
    workers.push(await openSlot(number, servers, settings, undo));
  }
  await Promise.all(workers.map((worker) => worker.start()));
  return {
    cluster,
    broker: asOneServer(cluster),
    database,
    toxiproxy,
    workers,
    producersUrls: cluster.nodes.map(({ url }) => url),
    remove: () => cleanUp(undo),
  };
}

async function openSlot(
  number: number,
  { cluster, database, toxiproxy }: Pick<ClusterTestbed, 'cluster' | 'database' | 'toxiproxy'>,
  { folder, removedGuard }: TestbedSettings,
  undo: (() => Promise<unknown>)[],
): Promise<WorkerSlot> {
  const first = ownNode(cluster, number);
  const others = cluster.nodes.filter((node) => node !== first);
  const proxies: FaultProxy[] = [];
  for (const node of [first, ...others]) {
    proxies.push(await FaultProxy.open(await toxiproxy.openRoute(nodeRoute(number, node), portOf(node)), amqp));
  }
  const databaseRoute = await toxiproxy.openRoute(routeOf('database', number), portOf(database));
  const databaseProxy = await FaultProxy.open(databaseRoute, mongodb);
  const urls = proxies.map(({ port }) => `amqp://guest:guest@127.0.0.1:${port}?heartbeat=${HEARTBEAT_S}`);
  const environment = {
    AMQP_URL: urls.join(','),
    MONGODB_URL: `mongodb://127.0.0.1:${databaseProxy.port}/${DATABASE}?directConnection=true`,
    REQUEST_QUEUE: QUEUE,
    HTTP_PORT: '0',
  };
  const worker = new WorkerSlot(number, proxies[0] as FaultProxy, databaseProxy, { environment, folder, removedGuard });
  undo.unshift(async () => {
    await worker.close();
    await Promise.all([...proxies, databaseProxy].map((proxy) => proxy.close()));
  });
  return worker;
}

/** The cluster for those who need one broker: they see a reachable node, and act on all of them. */
function asOneServer(cluster: BrokerCluster): OwnServer {
  const { nodes } = cluster;
  const onEach = async (act: (node: ClusterNode) => Promise<void>): Promise<void> => {
    await Promise.all(nodes.map(act));
  };
  return {
    get url() {
      return cluster.reachable().url;
    },
    get id() {
      return cluster.reachable().id;
    },
    pause: () => onEach((node) => node.pause()),
    resume: () => onEach((node) => node.resume()),
    kill: () => onEach((node) => node.kill()),
    stop: () => onEach((node) => node.stop()),
    start: async () => {
      await onEach((node) => node.start());
      await cluster.whole();
    },
    exec: (...command) => cluster.reachable().exec(...command),
    exitCode: () => cluster.reachable().exitCode(),
    remove: () => cluster.remove(),
  };
}
