import { Random } from '../../chaos/random.ts';
import { withDatabase } from '../../infrastructure/addresses.ts';
import { run } from '../../infrastructure/command.ts';
import { step } from '../../infrastructure/progress.ts';
import type { Run, Subject } from '../figures.ts';
import { BASE_CONTACTS } from '../load/requests.ts';
import { Producer, type Stream } from '../load/producer.ts';
import { sourceOf, WORKLOADS, type Source, type Workload } from '../load/workloads.ts';
import { forgetLogs, startSubject, type RunningSubject } from '../subjects/subject.ts';
import { SeededContacts } from './contacts.ts';
import type { Places } from './places.ts';

/** How long and how often is measured. */
export interface BenchSettings {
  readonly seed: number;
  readonly rounds: number;
  /** Measured time of one run. */
  readonly seconds: number;
}

/** One measurement that is wanted. */
export interface Wanted {
  readonly workload: string;
  readonly source: Source;
  readonly inFlight: number;
  readonly round: number;
  readonly warmUp?: number;
  readonly measured?: number;
}

/** A subject with its own queue, database and contacts. */
export interface Contender {
  readonly subject: Subject;
  readonly queue: string;
  readonly contacts: SeededContacts;
  readonly environment: Readonly<Record<string, string>>;
  readonly running: RunningSubject[];
}

const WARM_UP_S = 2;
/** Deletions a second that are provided for, beyond what any subject reaches. */
const VICTIMS_PER_SECOND: Readonly<Record<string, number>> = { delete: 9_000, mixed: 500 };

/** Where everything is measured: places, contenders and the one producer. */
export class Arena {
  readonly places: Places;
  readonly settings: BenchSettings;
  readonly producer: Producer;
  readonly contenders = new Map<Subject, Contender>();
  #answerSizes: Readonly<Record<string, number>> = {};

  private constructor(places: Places, settings: BenchSettings, producer: Producer) {
    this.places = places;
    this.settings = settings;
    this.producer = producer;
  }

  static async open(places: Places, settings: BenchSettings): Promise<Arena> {
    forgetLogs();
    await step('Building the worker', () => run('npm', ['run', 'build']));
    return new Arena(places, settings, await Producer.open(places.amqpUrl, 'bench.replies'));
  }

  /** Starts a contender, with its contacts; the echo needs the worker's answers, so the worker comes first. */
  async enter(subject: Subject, size = BASE_CONTACTS): Promise<Contender> {
    const { places, settings } = this;
    const mongodbUrl = withDatabase(places.mongodbUrl, `bench_${subject}`);
    const contender: Contender = {
      subject,
      queue: `bench.${subject}`,
      contacts: new SeededContacts(mongodbUrl, subject, settings.seed),
      environment: {
        AMQP_URL: places.amqpUrl,
        MONGODB_URL: mongodbUrl,
        REQUEST_QUEUE: `bench.${subject}`,
        ...(subject === 'echo' && { ANSWER_SIZES: JSON.stringify(this.#answerSizes) }),
      },
      running: [],
    };
    await step(`Preparing the ${subject}`, async () => {
      await contender.contacts.db.dropDatabase();
      await this.start(contender);
      if (subject !== 'echo') await contender.contacts.seed(size);
      if (subject === 'worker') this.#answerSizes = await this.#sizes(contender);
    });
    this.contenders.set(subject, contender);
    return contender;
  }

  contender(subject: Subject): Contender {
    const contender = this.contenders.get(subject);
    if (contender === undefined) throw new Error(`the ${subject} is not there`);
    return contender;
  }

  /** One process more of this contender. */
  async start(contender: Contender): Promise<void> {
    contender.running.push(await startSubject(contender.subject, contender.environment));
  }

  async stop({ running }: Contender): Promise<void> {
    await Promise.all(running.splice(0).map((process) => process.stop()));
  }

  source({ contacts, subject }: Contender, workload: Workload, round: number): Source {
    const random = new Random(this.settings.seed * 1_000 + round);
    let imagined = 1;
    const victim = (): number | undefined => (subject === 'echo' ? (imagined += 1) : contacts.victim());
    return sourceOf(workload, {
      random,
      contacts: contacts.size || BASE_CONTACTS,
      victim,
      number: () => contacts.number(),
    });
  }

  /** Measures one of the named workloads. */
  async workload(contender: Contender, workload: Workload, wanted: Omit<Wanted, 'workload' | 'source'>): Promise<Run> {
    const { warmUp = WARM_UP_S, measured = this.settings.seconds } = wanted;
    const victims = (VICTIMS_PER_SECOND[workload] ?? 0) * (warmUp + measured);
    if (contender.subject !== 'echo') await contender.contacts.provideVictims(Math.ceil(victims));
    return this.measure(contender, { ...wanted, workload, source: this.source(contender, workload, wanted.round) });
  }

  async measure(contender: Contender, wanted: Wanted): Promise<Run> {
    const { subject, queue, running } = contender;
    const { workload, source, inFlight, round } = wanted;
    const { warmUp = WARM_UP_S, measured = this.settings.seconds } = wanted;
    const [first] = running;
    if (first === undefined) throw new Error(`no ${subject} runs`);
    const stream: Stream = { source, inFlight };
    let before = { sum: 0, count: 0 };
    let after = before;
    let used = await first.read();
    const [answered] = await this.producer.run(queue, [stream], {
      warmUp,
      measured,
      begin: async () => {
        before = await first.batches();
        await first.reset();
      },
      end: async () => {
        used = await first.read();
        after = await first.batches();
      },
    });
    if (answered === undefined) throw new Error('the stream has no result');
    const { requests, seconds, failed, latency } = answered;
    const share = requests / running.length;
    const batches = after.count - before.count;
    return {
      subject,
      workload,
      inFlight,
      workers: running.length,
      contacts: contender.contacts.size,
      round,
      requests,
      seconds,
      perSecond: requests / seconds,
      failed,
      latency,
      cost: {
        cpuMicros: used.cpuMicros / share,
        allocatedBytes: used.allocatedBytes / share,
        peakMiB: used.peakMiB,
        loopDelayP99: used.loopDelayP99,
      },
      batch: batches > 0 ? (after.sum - before.sum) / batches : undefined,
    };
  }

  /** Ends a contender and removes what it has. */
  async leave(contender: Contender): Promise<void> {
    await this.stop(contender);
    await this.producer.removeQueue(contender.queue);
    await contender.contacts.db.dropDatabase();
    await contender.contacts.client.close();
    this.contenders.delete(contender.subject);
  }

  async close(): Promise<void> {
    for (const contender of this.contenders.values()) await this.leave(contender);
    await this.producer.close();
  }

  /** Bytes of the worker's answer to each kind of request. */
  async #sizes(contender: Contender): Promise<Readonly<Record<string, number>>> {
    const sizes: Record<string, number> = {};
    await contender.contacts.provideVictims(1);
    for (const workload of WORKLOADS) {
      if (workload === 'mixed') continue;
      const source = this.source(contender, workload, 0);
      let left = 1;
      const once: Source = () => (left-- > 0 ? source() : undefined);
      const [answered] = await this.producer.run(contender.queue, [{ source: once, inFlight: 1 }], {
        warmUp: 0,
        measured: 0,
      });
      sizes[`contact.${workload}`] = answered?.answerBytes ?? 0;
    }
    return sizes;
  }
}
