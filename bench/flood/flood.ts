import { Random } from '../../chaos/random.ts';
import { withDatabase } from '../../infrastructure/addresses.ts';
import { deleteQueues, dropDatabase } from '../../infrastructure/servers.ts';
import { Producer, type Answered } from '../load/producer.ts';
import { createRequest, type BenchRequest } from '../load/requests.ts';
import { HOSTILE, hostileDocument, sizeOf } from './documents.ts';
import { startFloodedWorker, type FloodedWorker } from './worker.ts';
import type { FloodFigures, FloodRun } from './verdict.ts';

export interface FloodOptions {
  readonly amqpUrl: string;
  readonly mongodbUrl: string;
  /** Measured time of each run. */
  readonly seconds: number;
  /** Distinguishes queues and database from those of others. */
  readonly name: string;
}

/** Requests of each of the two that wait or are executed: a fair share is half of the queue. */
const IN_FLIGHT = 32;
const WARM_UP_S = 1;
const FIRST_WARM_UP_S = 3;

/**
 * Floods a worker with each kind of hostile document, while honest producers create contacts. Both
 * keep the same number of documents in the queue, and send the next as soon as one is answered.
 */
export async function flood(options: FloodOptions): Promise<FloodFigures> {
  const { amqpUrl, name } = options;
  const mongodbUrl = withDatabase(options.mongodbUrl, name);
  const queues = [name, `${name}.dead`, `${name}.honest`, `${name}.others`];
  const worker = await startFloodedWorker({ AMQP_URL: amqpUrl, MONGODB_URL: mongodbUrl, REQUEST_QUEUE: name });
  try {
    const honest = await Producer.open(amqpUrl, `${name}.honest`);
    const others = await Producer.open(amqpUrl, `${name}.others`);
    const figures = await measure(new Flood(name, worker, honest, others), worker, options.seconds);
    await Promise.all([honest.close(), others.close()]);
    return figures;
  } finally {
    try {
      await worker.stop();
    } finally {
      await deleteQueues(amqpUrl, queues);
      await dropDatabase(mongodbUrl);
    }
  }
}

async function measure(flooded: Flood, worker: FloodedWorker, seconds: number): Promise<FloodFigures> {
  await flooded.run('none', { warmUp: FIRST_WARM_UP_S, measured: 1 });
  const { memory: before } = await worker.usage();
  const runs: FloodRun[] = [];
  for (const beside of ['none', 'honest', ...HOSTILE] as const) {
    runs.push(await flooded.run(beside, { warmUp: WARM_UP_S, measured: seconds }));
  }
  return { runs, memory: { before, peak: worker.peak() }, honestBytes: sizeOf(flooded.honestRequest()) };
}

interface Times {
  readonly warmUp: number;
  readonly measured: number;
}

class Flood {
  readonly #queue: string;
  readonly #worker: FloodedWorker;
  readonly #honest: Producer;
  readonly #others: Producer;
  readonly #random = new Random(1);
  #created = 0;

  constructor(queue: string, worker: FloodedWorker, honest: Producer, others: Producer) {
    this.#queue = queue;
    this.#worker = worker;
    this.#honest = honest;
    this.#others = others;
  }

  honestRequest(): BenchRequest {
    this.#created += 1;
    return createRequest(1, this.#created, this.#random);
  }

  async run(beside: FloodRun['beside'], times: Times): Promise<FloodRun> {
    const source = (): BenchRequest => this.honestRequest();
    const hostile = beside === 'none' || beside === 'honest' ? undefined : hostileDocument(beside);
    let used = 0;
    const timing = {
      ...times,
      begin: async () => void (used = -(await this.#worker.usage()).cpu),
      end: async () => void (used += (await this.#worker.usage()).cpu),
    };
    const sent = (producer: Producer, stream: () => BenchRequest, when: Times): Promise<readonly Answered[]> =>
      producer.run(this.#queue, [{ source: stream, inFlight: IN_FLIGHT }], when);
    const [[honest], [others]] = await Promise.all([
      sent(this.#honest, source, timing),
      beside === 'none' ? [undefined] : sent(this.#others, hostile === undefined ? source : () => hostile, times),
    ]);
    if (honest === undefined) throw new Error('the honest producers have no result');
    const bytes = sizeOf(hostile ?? this.honestRequest());
    const perSecond = others === undefined ? 0 : others.requests / others.seconds;
    return {
      beside,
      honest: { perSecond: honest.requests / honest.seconds, failed: honest.failed, latency: honest.latency },
      others: { perSecond, bytesPerSecond: perSecond * bytes, bytes },
      cpu: used / honest.seconds,
    };
  }
}
