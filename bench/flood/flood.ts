import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { Random } from '../../chaos/random.ts';
import { withDatabase } from '../../infrastructure/addresses.ts';
import { printProgress } from '../../infrastructure/progress.ts';
import { deleteQueues, dropDatabase } from '../../infrastructure/servers.ts';
import { Producer } from '../load/producer.ts';
import { createRequest, type BenchRequest } from '../load/requests.ts';
import { sizeOf, type Hostile } from './documents.ts';
import type { ProducerOptions, Stretch } from './producer-process.ts';
import type { Beside, FloodFigures, FloodRun } from './verdict.ts';
import { startFloodedWorker, type FloodedWorker } from './worker.ts';

export interface FloodOptions {
  readonly amqpUrl: string;
  readonly mongodbUrl: string;
  /** Measured time of each run. */
  readonly seconds: number;
  /** How often each kind is measured: the kinds take turns. */
  readonly rounds: number;
  readonly kinds: readonly Hostile[];
  /** Distinguishes queues and database from those of others. */
  readonly name: string;
}

/** Requests of each of the two that wait or are executed: a fair share is half of the queue. */
const IN_FLIGHT = 32;
const WARM_UP_S = 1;
const FIRST_WARM_UP_S = 3;

/**
 * Floods a worker with each kind of hostile document, while an honest producer creates contacts.
 * Both keep the same number of documents in the queue, and send the next as soon as one is answered.
 */
export async function flood(options: FloodOptions): Promise<FloodFigures> {
  const { amqpUrl, name: queue } = options;
  const mongodbUrl = withDatabase(options.mongodbUrl, queue);
  const [replyQueue, honestQueue] = [`${queue}.others`, `${queue}.honest`];
  const worker = await startFloodedWorker({ AMQP_URL: amqpUrl, MONGODB_URL: mongodbUrl, REQUEST_QUEUE: queue });
  const others = await startProducer({ amqpUrl, queue, replyQueue, inFlight: IN_FLIGHT });
  try {
    const honest = await Producer.open(amqpUrl, honestQueue);
    const figures = await measure(new Flood(queue, worker, honest, others), worker, options);
    await honest.close();
    return figures;
  } finally {
    try {
      const ended = once(others, 'exit');
      others.disconnect();
      await Promise.all([worker.stop(), ended]);
    } finally {
      await deleteQueues(amqpUrl, [queue, `${queue}.dead`, honestQueue, replyQueue]);
      await dropDatabase(mongodbUrl);
    }
  }
}

async function startProducer(options: ProducerOptions): Promise<ChildProcess> {
  const file = fileURLToPath(new URL('producer-process.ts', import.meta.url));
  const child = fork(file, [JSON.stringify(options)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await once(child, 'message');
  return child;
}

async function measure(flooded: Flood, worker: FloodedWorker, options: FloodOptions): Promise<FloodFigures> {
  await flooded.run('honest', { warmUp: FIRST_WARM_UP_S, measured: 1 });
  const { memory: before } = await worker.usage();
  const rounds: FloodRun[][] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    const runs: FloodRun[] = [];
    // The kinds change places, so that none has always the same neighbours.
    const kinds = options.kinds.map((_, at) => options.kinds[(at + round) % options.kinds.length] as Beside);
    for (const beside of ['none', 'honest', ...kinds, 'honest'] as const) {
      printProgress(`round ${round + 1}: beside ${beside}`);
      runs.push(await flooded.run(beside, { warmUp: WARM_UP_S, measured: options.seconds }));
    }
    rounds.push(runs);
  }
  return { rounds, memory: { before, peak: worker.peak() }, honestBytes: sizeOf(flooded.honestRequest()) };
}

interface Times {
  readonly warmUp: number;
  readonly measured: number;
}

class Flood {
  readonly #queue: string;
  readonly #worker: FloodedWorker;
  readonly #honest: Producer;
  readonly #others: ChildProcess;
  readonly #random = new Random(1);
  readonly #othersEnded: Promise<never>;
  #created = 0;

  constructor(queue: string, worker: FloodedWorker, honest: Producer, others: ChildProcess) {
    this.#queue = queue;
    this.#worker = worker;
    this.#honest = honest;
    this.#others = others;
    this.#othersEnded = once(others, 'exit').then(() => Promise.reject(new Error('the second producer ended')));
    // It also ends at the end of the study.
    this.#othersEnded.catch(() => undefined);
  }

  honestRequest(): BenchRequest {
    this.#created += 1;
    return createRequest(1, this.#created, this.#random);
  }

  async run(beside: Beside, times: Times): Promise<FloodRun> {
    let used = 0;
    const timing = {
      ...times,
      begin: async () => void (used = -(await this.#worker.usage()).cpu),
      end: async () => void (used += (await this.#worker.usage()).cpu),
    };
    const stream = { source: () => this.honestRequest(), inFlight: IN_FLIGHT };
    const [[honest], others] = await Promise.all([
      this.#honest.run(this.#queue, [stream], timing),
      beside === 'none' ? NOBODY : this.#runOthers({ beside, ...times }),
    ]);
    if (honest === undefined) throw new Error('the honest producer has no result');
    const { requests, seconds, failed, latency } = honest;
    return { beside, honest: { perSecond: requests / seconds, failed, latency }, others, cpu: used / seconds };
  }

  async #runOthers(stretch: Stretch): Promise<FloodRun['others']> {
    const answered = new Promise<FloodRun['others']>((resolve) => this.#others.once('message', resolve));
    this.#others.send(stretch);
    return Promise.race([answered, this.#othersEnded]);
  }
}

const NOBODY: FloodRun['others'] = { perSecond: 0, bytesPerSecond: 0, bytes: 0 };
