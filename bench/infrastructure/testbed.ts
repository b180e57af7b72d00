import { Random } from '../../chaos/random.ts';
import { withDatabase } from '../../infrastructure/addresses.ts';
import { run } from '../../infrastructure/command.ts';
import { step } from '../../infrastructure/progress.ts';
import type { Run, Subject } from '../figures.ts';
import { BASE_CONTACTS } from '../load/requests.ts';
import { Producer, type Stream } from '../load/producer.ts';
import { sourceOf, WORKLOADS, type Source, type Workload } from '../load/workloads.ts';
import type { Meter } from '../subjects/meter.ts';
import type { Reading } from '../subjects/probe.ts';
import { deleteLogs, startSubject, type RunningSubject } from '../subjects/subject.ts';
import { SeededContacts } from './contacts.ts';
import type { Endpoints } from './endpoints.ts';

/** How long, how often and with which seed the studies measure. */
export interface BenchSettings {
  readonly seed: number;
  readonly rounds: number;
  /** Measured time of one run, in seconds. */
  readonly seconds: number;
}

/** One measurement to take. */
export interface Measurement {
  readonly workload: string;
  readonly source: Source;
  readonly inFlight: number;
  readonly round: number;
  readonly warmUp?: number;
  readonly measured?: number;
  /** Whose event loop is watched beside the measured process's. */
  readonly bystander?: Meter;
}

/** A subject with its own queue, database and contacts. */
export interface Deployment {
  readonly subject: Subject;
  readonly queue: string;
  readonly contacts: SeededContacts;
  readonly environment: Readonly<Record<string, string>>;
  readonly running: RunningSubject[];
}

const WARM_UP_S = 2;
/** A JVM is slow until it has compiled what runs often; for others the warm-up of each run is enough. */
const JVM_WARM_UP = { requests: 30_000, maxSeconds: 90 };
/** Contacts to delete per second of measuring, more than any subject reaches. */
const DELETABLE_PER_SECOND: Readonly<Record<string, number>> = { delete: 9_000, mixed: 500 };

/** The environment of the measurements: servers, deployed subjects and the one producer. */
export class Testbed {
  readonly endpoints: Endpoints;
  readonly settings: BenchSettings;
  readonly producer: Producer;
  readonly deployments = new Map<Subject, Deployment>();
  #answerSizes: Readonly<Record<string, number>> = {};

  private constructor(endpoints: Endpoints, settings: BenchSettings, producer: Producer) {
    this.endpoints = endpoints;
    this.settings = settings;
    this.producer = producer;
  }

  static async open(endpoints: Endpoints, settings: BenchSettings): Promise<Testbed> {
    deleteLogs();
    await step('Building the worker', () => run('npm', ['run', 'build']));
    return new Testbed(endpoints, settings, await Producer.open(endpoints.amqpUrl, 'bench.replies'));
  }

  /**
   * Deploys a subject with its contacts. The echo needs the sizes of the worker's answers, so the
   * worker comes first.
   */
  async deploy(subject: Subject, size = BASE_CONTACTS): Promise<Deployment> {
    const { endpoints, settings } = this;
    const mongodbUrl = withDatabase(endpoints.mongodbUrl, `bench_${subject}`);
    const deployment: Deployment = {
      subject,
      queue: `bench.${subject}`,
      contacts: new SeededContacts(mongodbUrl, subject, settings.seed),
      environment: {
        AMQP_URL: endpoints.amqpUrl,
        MONGODB_URL: mongodbUrl,
        REQUEST_QUEUE: `bench.${subject}`,
        ...(subject === 'echo' && { ANSWER_SIZES: JSON.stringify(this.#answerSizes) }),
      },
      running: [],
    };
    await step(`Preparing the ${subject}`, async () => {
      await deployment.contacts.db.dropDatabase();
      await this.start(deployment);
      if (subject !== 'echo') await deployment.contacts.seed(size);
      if (subject === 'worker') this.#answerSizes = await this.#sizes(deployment);
      await this.warmUp(deployment);
    });
    this.deployments.set(subject, deployment);
    return deployment;
  }

  deployment(subject: Subject): Deployment {
    const deployment = this.deployments.get(subject);
    if (deployment === undefined) throw new Error(`the ${subject} is not deployed`);
    return deployment;
  }

  /** Starts one more process of this deployment. */
  async start(deployment: Deployment, options?: Parameters<typeof startSubject>[2]): Promise<void> {
    deployment.running.push(await startSubject(deployment.subject, deployment.environment, options));
  }

  /** Once after each start of a process that is measured under load. */
  async warmUp(deployment: Deployment): Promise<void> {
    if (deployment.subject !== 'spring') return;
    const { requests, maxSeconds } = JVM_WARM_UP;
    await deployment.contacts.ensureDeletable(requests);
    const endless = this.source(deployment, 'mixed', 0);
    let left = requests;
    const source: Source = () => (left-- > 0 ? endless() : undefined);
    await this.producer.run(deployment.queue, [{ source, inFlight: 256 }], { warmUp: maxSeconds, measured: 0 });
  }

  async stop({ running }: Deployment): Promise<void> {
    await Promise.all(running.splice(0).map((process) => process.stop()));
  }

  source({ contacts, subject }: Deployment, workload: Workload, round: number): Source {
    const random = new Random(this.settings.seed * 1_000 + round);
    let placeholder = 1;
    const nextDeletable = (): number | undefined =>
      subject === 'echo' ? (placeholder += 1) : contacts.nextDeletable();
    return sourceOf(workload, {
      random,
      contacts: contacts.size || BASE_CONTACTS,
      nextDeletable,
      number: () => contacts.number(),
    });
  }

  /** Measures one of the named workloads. */
  async workload(
    deployment: Deployment,
    workload: Workload,
    wanted: Omit<Measurement, 'workload' | 'source'>,
  ): Promise<Run> {
    const { warmUp = WARM_UP_S, measured = this.settings.seconds } = wanted;
    const deletable = (DELETABLE_PER_SECOND[workload] ?? 0) * (warmUp + measured);
    if (deployment.subject !== 'echo') await deployment.contacts.ensureDeletable(Math.ceil(deletable));
    return this.measure(deployment, { ...wanted, workload, source: this.source(deployment, workload, wanted.round) });
  }

  async measure(deployment: Deployment, wanted: Measurement): Promise<Run> {
    const { subject, queue, running } = deployment;
    const { workload, source, inFlight, round, bystander } = wanted;
    const { warmUp = WARM_UP_S, measured = this.settings.seconds } = wanted;
    const [first] = running;
    if (first === undefined) throw new Error(`no ${subject} runs`);
    const stream: Stream = { source, inFlight };
    let before = { sum: 0, count: 0 };
    let after = before;
    let used = await first.read();
    let idle: Reading | undefined;
    const [answered] = await this.producer.run(queue, [stream], {
      warmUp,
      measured,
      begin: async () => {
        before = await first.batches();
        await Promise.all([first.reset(), bystander?.reset()]);
      },
      end: async () => {
        [used, idle] = await Promise.all([first.read(), bystander?.read()]);
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
      contacts: deployment.contacts.size,
      round,
      requests,
      seconds,
      perSecond: requests / seconds,
      failed,
      latency,
      cost: {
        cpuMicros: used.cpuMicros / share,
        ...(used.allocatedBytes !== undefined && { allocatedBytes: used.allocatedBytes / share }),
        peakMiB: used.peakMiB,
        ...(used.loop !== undefined && { loop: used.loop }),
        ...(idle?.loop !== undefined && { idleLoop: idle.loop }),
      },
      batch: batches > 0 ? (after.sum - before.sum) / batches : undefined,
    };
  }

  /** Stops a deployment's processes and removes its queue and database. */
  async undeploy(deployment: Deployment): Promise<void> {
    await this.stop(deployment);
    await this.producer.removeQueue(deployment.queue);
    await deployment.contacts.db.dropDatabase();
    await deployment.contacts.client.close();
    this.deployments.delete(deployment.subject);
  }

  async close(): Promise<void> {
    for (const deployment of this.deployments.values()) await this.undeploy(deployment);
    await this.producer.close();
  }

  /** Returns the size of the worker's answer to each kind of request, in bytes. */
  async #sizes(deployment: Deployment): Promise<Readonly<Record<string, number>>> {
    const sizes: Record<string, number> = {};
    await deployment.contacts.ensureDeletable(1);
    for (const workload of WORKLOADS) {
      if (workload === 'mixed') continue;
      const source = this.source(deployment, workload, 0);
      let left = 1;
      const once: Source = () => (left-- > 0 ? source() : undefined);
      const [answered] = await this.producer.run(deployment.queue, [{ source: once, inFlight: 1 }], {
        warmUp: 0,
        measured: 0,
      });
      sizes[`contact.${workload}`] = answered?.answerBytes ?? 0;
    }
    return sizes;
  }
}
