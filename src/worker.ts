import { Consumer, type Handler } from './amqp/consumer/consumer.ts';
import { replyMessage } from './amqp/wire/messages.ts';
import { ConsumerStuckError } from './amqp/consumer/progress.ts';
import { Publisher } from './amqp/publisher/publisher.ts';
import { deadLetterQueueOf, TopologyMismatchError } from './amqp/connection/topology.ts';
import { decode } from './codec/decode.ts';
import { encode } from './codec/encode.ts';
import type { Config } from './settings/config.ts';
import { ItemDefectError } from './contacts/repository.ts';
import { Dispatcher } from './dispatch/dispatcher.ts';
import { createRegistry } from './dispatch/registry.ts';
import { Attempts, FailedBeforeError, ProcessEndedError } from './redelivery/attempts.ts';
import { identityOf } from './pipeline/identity.ts';
import { type RetryPolicy, backOffMs, pause } from './time/retry.ts';
import { apiMethods } from './methods/index.ts';
import { unavailableReason } from './mongo/connection/unavailable-reason.ts';
import { openStore, type Store } from './mongo/store.ts';
import { createTelemetry, type Telemetry, type Receipt } from './telemetry.ts';
import { failureText } from './ops/failure.ts';
import { HttpPortUnavailableError, startHttp, type HttpEndpoint, type Readiness } from './ops/http.ts';
import type { Log } from './ops/log.ts';
import { createMetrics, type Metrics } from './ops/metrics.ts';
import { createPipeline } from './pipeline/pipeline.ts';
import { StoreDefectError, StoreMismatchError } from './protocol/errors.ts';
import { createReplyToPolicy } from './pipeline/reply-to-policy.ts';
import { within } from './time/limit.ts';

/** Limit for one call to the broker, in milliseconds. */
const BROKER_TIMEOUT_MS = 5_000;
const HEARTBEAT_S = 10;
/** Quorum queues confirm within milliseconds; a disk under load takes some hundred. */
const CONFIRM_TIMEOUT_MS = 30_000;
const READINESS_TIMEOUT_MS = 2_000;
/** What a stop waits, twice at most, so that no request is charged with it. */
const LEDGER_TIMEOUT_MS = 500;
/** A stop closes all connections within this time: towards silent peers the limits of each call would add up to more. */
const CLOSE_TIMEOUT_MS = 5_000;
const SLOTS_PER_METHOD = 2;
const MAX_BATCH = 128;

/** Errors whose messages are written in this project and hold no values of a request: a log may tell them. */
export const OWN_ERRORS = [
  TopologyMismatchError,
  ConsumerStuckError,
  HttpPortUnavailableError,
  StoreDefectError,
  ItemDefectError,
] as const;

/** What a stop has done. */
export interface StopReport extends Receipt {
  /** Whether all that was taken was finished; else some was handed back to the queue. */
  readonly drained: boolean;
}

/** A worker: takes requests from `start` until `stop`. */
export interface Worker {
  /** Resolves when requests are being consumed; waits for broker and database as long as it takes. Rejects with `TopologyMismatchError`, `StoreMismatchError` or `HttpPortUnavailableError`. */
  start(): Promise<void>;
  /** Rejects when a started worker cannot go on; with `ConsumerStuckError` where another process may do better. */
  readonly failed: Promise<never>;
  readiness(): Promise<Readiness>;
  /** The HTTP port in use, once started. */
  httpPort(): number | undefined;
  /** Takes no more, finishes what was taken, closes everything, within DRAIN_TIMEOUT_MS and five seconds. Idempotent; never rejects. */
  stop(): Promise<StopReport>;
}

/** What may be exchanged: the methods, for one that the API does not have. */
export interface WorkerOptions {
  readonly methods?: typeof apiMethods;
}

/** Builds the worker's parts and wires them; nothing happens before `start`. */
export function createWorker(config: Config, log: Log, options: WorkerOptions = {}): Worker {
  return new ContactsWorker(config, log, options.methods ?? apiMethods);
}

class ContactsWorker implements Worker {
  readonly failed: Promise<never>;
  readonly #config: Config;
  readonly #log: Log;
  readonly #store: Store;
  readonly #metrics: Metrics;
  readonly #observer: Telemetry;
  readonly #dispatcher: Dispatcher;
  readonly #attempts: Attempts;
  readonly #stopping = new AbortController();
  /** Aborted when the time to finish what was taken is over. */
  readonly #givingUp = new AbortController();
  #fail: (error: unknown) => void = () => undefined;
  #publisher: Publisher | undefined;
  #consumer: Consumer | undefined;
  #http: HttpEndpoint | undefined;
  #stopped: Promise<StopReport> | undefined;

  constructor(config: Config, log: Log, methodsOf: typeof apiMethods) {
    this.#config = config;
    this.#log = log;
    const foreign = (why: ItemDefectError): void => this.#observer.foreign(why);
    this.#store = openStore(config.mongodbUrl, { retentionSeconds: config.retentionSeconds, foreign });
    const methods = methodsOf(this.#store.contacts, { listMaxPerPage: config.listMaxPerPage, leftOut: foreign });
    this.#metrics = createMetrics({
      methods: methods.map(({ name }) => name),
      inFlight: () => this.#consumer?.inFlight ?? 0,
      droppedLogLines: () => log.dropped(),
      queueMessages: () => this.#consumer?.depths ?? new Map(),
      intakeHeld: () => this.#observer.held(),
      ready: async () => (await this.readiness()).ready,
    });
    this.#observer = createTelemetry(log, this.#metrics, (held) => void this.#consumer?.pause(held));
    const { maxAttempts } = config;
    const patience = retryPolicyUntil(this.#givingUp.signal);
    const limits = { maxAttempts, slotsPerMethod: SLOTS_PER_METHOD, maxBatch: MAX_BATCH };
    this.#dispatcher = new Dispatcher(createRegistry(methods), limits, patience, this.#observer.dispatch);
    this.#attempts = new Attempts(this.#store.attempts, {
      maxAttempts,
      patience,
      describe,
      events: this.#observer.dispatch,
    });
    this.failed = new Promise((_, reject) => (this.#fail = reject));
    this.failed.catch(() => undefined);
  }

  async start(): Promise<void> {
    this.#http = await startHttp({
      port: this.#config.httpPort,
      readiness: () => this.readiness(),
      readinessTimeoutMs: READINESS_TIMEOUT_MS,
      metrics: this.#metrics,
    });
    if (await this.#storePrepared()) await this.#takeRequests();
  }

  async readiness(): Promise<Readiness> {
    const consuming = this.#consumer?.ready ?? false;
    const publishing = this.#publisher?.ready ?? false;
    const database = await this.#store.ping().then(
      () => true,
      () => false,
    );
    const ready = consuming && publishing && database;
    return { ready, checks: { consuming, publishing, database } };
  }

  httpPort(): number | undefined {
    return this.#http?.port;
  }

  stop(): Promise<StopReport> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<StopReport> {
    this.#stopping.abort();
    const drained = await this.#drain();
    await within(CLOSE_TIMEOUT_MS, 'closing the connections', this.#close()).catch(() => undefined);
    return { drained, ...this.#observer.receipt() };
  }

  async #close(): Promise<void> {
    await Promise.all([this.#consumer?.stop(), this.#publisher?.stop()]);
    await this.#attemptsReleased();
    await Promise.all([this.#store.close(), this.#http?.close()]);
  }

  /** Whether all that was taken could be finished in time; the rest is handed back. */
  async #drain(): Promise<boolean> {
    const consumer = this.#consumer;
    if (consumer === undefined) return true;
    const limit = new AbortController();
    const finished = consumer.takeNoMore().then(() => consumer.drained());
    const drained = await Promise.race([
      finished.then(() => true),
      pause(this.#config.drainTimeoutMs, limit.signal).then(() => false),
    ]);
    limit.abort();
    if (drained) return true;
    this.#givingUp.abort();
    await this.#attemptsReleased();
    consumer.handBackRest();
    return false;
  }

  /** Waits a moment for it: a database that is away must not hold the end. */
  async #attemptsReleased(): Promise<void> {
    await within(LEDGER_TIMEOUT_MS, 'the ledger of attempts', this.#attempts.release()).catch(() => undefined);
  }

  /** Waits for the database as long as it takes; `false` where the worker was stopped meanwhile. Rejects with `StoreMismatchError`. */
  async #storePrepared(): Promise<boolean> {
    const { signal } = this.#stopping;
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        await this.#store.prepare();
        return true;
      } catch (error) {
        if (error instanceof StoreMismatchError) throw error;
        if (signal.aborted) break;
        const reason = unavailableReason(error);
        this.#log.warn('the database cannot be used yet, trying again', { attempt: failures, reason }, error);
        await pause(backOffMs(failures), signal);
      }
    }
    return false;
  }

  async #takeRequests(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const { amqpUrls: urls, requestQueue: queue, prefetch, exitWhenStuckMs } = this.#config;
    const connection = { urls, timeoutMs: BROKER_TIMEOUT_MS, heartbeatS: HEARTBEAT_S };
    const { publisher: publisherEvents, consumer: consumerEvents } = this.#observer;
    const publisher = new Publisher(connection, { confirmTimeoutMs: CONFIRM_TIMEOUT_MS, prefetch }, publisherEvents);
    const pipeline = this.#pipeline(publisher);
    const consumer = new Consumer(
      connection,
      { queue, prefetch, exitWhenStuckMs },
      pipeline,
      publisher,
      consumerEvents,
    );
    this.#publisher = publisher;
    this.#consumer = consumer;
    Promise.all([publisher.ended, consumer.ended]).catch(this.#fail);
    await Promise.all([publisher.started, consumer.started]);
  }

  #pipeline(publisher: Publisher): Handler {
    const { requestQueue, replyToAllow, maxRequestBytes } = this.#config;
    return createPipeline({
      guard: createReplyToPolicy([requestQueue, deadLetterQueueOf(requestQueue)], replyToAllow),
      identify: identityOf,
      decode: (body, contentEncoding) => decode(body, { maxBytes: maxRequestBytes, contentEncoding }),
      knows: (method) => this.#dispatcher.knows(method),
      attempt: (start, run) => this.#attempts.run(start, run),
      execute: (request, terms) => this.#dispatcher.execute(request, terms),
      encode,
      publish: (reply) => publisher.publish(replyMessage(reply)),
      describe,
      finished: (outcome) => this.#observer.finished(outcome),
    });
  }
}

function retryPolicyUntil(signal: AbortSignal): RetryPolicy {
  return { pause: (failures) => pause(backOffMs(failures), signal), abandoned: () => signal.aborted };
}

/** What may be kept of an error: the messages of our own ones hold no values of a request. */
function describe(error: unknown): string {
  return failureText(error, [ProcessEndedError, FailedBeforeError, ...OWN_ERRORS]);
}
