// The second producer, in a process of its own: what it does must not delay the honest one.
import { Random } from '../../chaos/random.ts';
import { Producer, type Answered } from '../load/producer.ts';
import { createRequest, type BenchRequest } from '../load/requests.ts';
import { hostileDocument, sizeOf } from './documents.ts';
import type { Beside, FloodRun } from './verdict.ts';

export interface ProducerOptions {
  readonly amqpUrl: string;
  readonly queue: string;
  readonly replyQueue: string;
  /** Requests that wait or are executed. */
  readonly inFlight: number;
}

/** What the process is asked for, one at a time; it ends when its parent disconnects. */
export interface Stretch {
  readonly beside: Exclude<Beside, 'none'>;
  /** Seconds. */
  readonly warmUp: number;
  readonly measured: number;
}

async function main(options: ProducerOptions): Promise<void> {
  const producer = await Producer.open(options.amqpUrl, options.replyQueue);
  const random = new Random(2);
  let created = 0;
  const honest = (): BenchRequest => createRequest(2, (created += 1), random);
  process.on('message', (stretch: Stretch) => {
    void run(producer, options, stretch, honest).then((others) => process.send?.(others));
  });
  process.on('disconnect', () => void producer.close());
  process.send?.('ready');
}

async function run(
  producer: Producer,
  { queue, inFlight }: ProducerOptions,
  { beside, ...times }: Stretch,
  honest: () => BenchRequest,
): Promise<FloodRun['others']> {
  const hostile = beside === 'honest' ? undefined : hostileDocument(beside);
  const source = hostile === undefined ? honest : () => hostile;
  const [answered] = await producer.run(queue, [{ source, inFlight }], times);
  const { requests, seconds } = answered as Answered;
  const bytes = sizeOf(hostile ?? honest());
  const perSecond = requests / seconds;
  return { perSecond, bytesPerSecond: perSecond * bytes, bytes };
}

await main(JSON.parse(process.argv[2] ?? '') as ProducerOptions);
