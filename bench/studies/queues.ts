import { connect } from 'amqplib';
import { MongoClient } from 'mongodb';

import { withDatabase } from '../../infrastructure/addresses.ts';
import { run } from '../../infrastructure/command.ts';
import { printProgress, step } from '../../infrastructure/progress.ts';
import { ContactsClient } from '../../src/client/index.ts';
import { hashExchangeOf, requestQueuesOf, rosterOf } from '../../src/protocol/request-queues.ts';
import type { Endpoints } from '../infrastructure/endpoints.ts';
import type { BenchSettings } from '../infrastructure/testbed.ts';
import { median } from '../report/summary.ts';
import { startSubject, type RunningSubject } from '../subjects/subject.ts';

const COUNTS = [1, 2, 4] as const;
const WORKERS = 2;
const PREFETCH = 256;
/** Above what both workers hold, so that requests wait and the workers divide the queues. */
const IN_FLIGHT = 1_024;
/** Longer than a worker waits before it claims its part of the queues. */
const WARM_UP_S = 8;
const CONTACTS = 500;
const CONTACT = { clientId: 1, firstName: 'Jane', lastName: 'Doe', email: 'jane@example.org' };

type Count = (typeof COUNTS)[number];

/** Workers and a client with one number of queues. */
interface Deployed {
  readonly count: Count;
  readonly name: string;
  readonly client: ContactsClient;
  readonly workers: readonly RunningSubject[];
  readonly ids: readonly number[];
  readonly remove: () => Promise<void>;
}

const WORKLOADS: Readonly<Record<string, (to: Deployed, nth: number) => Promise<unknown>>> = {
  create: ({ client }) => client.create(CONTACT),
  get: ({ client, ids }, nth) => client.get(ids[nth % ids.length] ?? 1),
  update: ({ client, ids }, nth) => client.update(ids[nth % ids.length] ?? 1, { phone: String(nth) }),
};

/**
 * Two workers with 1, 2 and 4 queues; all are deployed, and take turns in each round. Returns the
 * lines of a table. The ratios count: the load's own process shares the machine.
 */
export async function queues(endpoints: Endpoints, { rounds, seconds }: BenchSettings): Promise<readonly string[]> {
  await step('Building the worker', () => run('npm', ['run', 'build']));
  const deployed: Deployed[] = [];
  const found = new Map<string, number[]>();
  try {
    for (const count of COUNTS) deployed.push(await deploy(endpoints, count));
    for (let round = 1; round <= rounds; round += 1) {
      for (const [workload, send] of Object.entries(WORKLOADS)) {
        for (const to of deployed.map((_, at) => deployed[(at + round) % deployed.length]!)) {
          const perSecond = await measure(to, send, seconds);
          found.set(`${workload} ${to.count}`, [...(found.get(`${workload} ${to.count}`) ?? []), perSecond]);
          printProgress(`round ${round}  ${workload}, ${to.count} queues: ${perSecond.toFixed(0)}/s`);
        }
      }
    }
  } finally {
    for (const one of deployed) await one.remove();
  }
  return table(found);
}

async function measure(to: Deployed, send: (to: Deployed, nth: number) => Promise<unknown>, seconds: number) {
  let isOver = false;
  let answered = 0;
  let nth = 0;
  const flow = async (): Promise<void> => {
    while (!isOver) {
      await send(to, (nth += 1));
      answered += 1;
    }
  };
  const flows = Array.from({ length: IN_FLIGHT }, flow);
  await new Promise((resolve) => setTimeout(resolve, WARM_UP_S * 1_000));
  const before = answered;
  const from = performance.now();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  const perSecond = ((answered - before) / (performance.now() - from)) * 1_000;
  isOver = true;
  await Promise.all(flows);
  return perSecond;
}

async function deploy({ amqpUrl, mongodbUrl }: Endpoints, count: Count): Promise<Deployed> {
  const name = `bench.queues-${count}`;
  const database = withDatabase(mongodbUrl, `bench_queues_${count}`);
  const environment = {
    AMQP_URL: amqpUrl,
    MONGODB_URL: database,
    REQUEST_QUEUE: name,
    REQUEST_QUEUES: String(count),
    // As many requests in flight at each worker, once each has its part of the queues.
    PREFETCH: String(count === 1 ? PREFETCH : PREFETCH * WORKERS),
    LOG_LEVEL: 'warn',
  };
  const workers: RunningSubject[] = [];
  for (let nth = 0; nth < WORKERS; nth += 1) workers.push(await startSubject('worker', environment));
  const client = await ContactsClient.connect({ url: amqpUrl, queue: name, queues: count, maxInFlight: IN_FLIGHT });
  const created = await Promise.all(Array.from({ length: CONTACTS }, () => client.create(CONTACT)));
  const remove = async (): Promise<void> => {
    await client.close();
    await Promise.all(workers.map((worker) => worker.stop()));
    await removeQueues(amqpUrl, { name, count });
    const mongo = new MongoClient(database);
    await mongo.db().dropDatabase();
    await mongo.close();
  };
  return { count, name, client, workers, ids: created.map(({ contactId }) => contactId), remove };
}

async function removeQueues(amqpUrl: string, found: { readonly name: string; readonly count: number }): Promise<void> {
  const model = await connect(amqpUrl);
  const channel = await model.createChannel();
  const { name } = found;
  for (const { queue, deadLetterQueue } of requestQueuesOf(found)) {
    await channel.deleteQueue(queue);
    await channel.deleteQueue(deadLetterQueue);
  }
  await channel.deleteQueue(rosterOf(name));
  for (const exchange of [name, hashExchangeOf(name)]) await channel.deleteExchange(exchange);
  await model.close();
}

function table(found: ReadonlyMap<string, readonly number[]>): readonly string[] {
  const rows = Object.keys(WORKLOADS).map((workload) => {
    const of = (count: number): number => median(found.get(`${workload} ${count}`) ?? []);
    const cells = COUNTS.map((count) => `${of(count).toFixed(0)}/s (${(of(count) / of(1)).toFixed(2)}×)`.padStart(18));
    return `${workload.padEnd(8)}${cells.join('')}`;
  });
  const heads = COUNTS.map((count) => `${count} queue${count === 1 ? '' : 's'}`.padStart(18));
  return [`${WORKERS} workers, ${IN_FLIGHT} requests in flight`, `${''.padEnd(8)}${heads.join('')}`, ...rows];
}
