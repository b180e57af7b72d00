import type { RequestConsumer } from './amqp/consumer/consumer-group.ts';
import type { Publisher } from './amqp/publisher/publisher.ts';
import type { Store } from './mongo/store.ts';
import type { HttpEndpoint, Readiness } from './ops/http.ts';
import type { Log } from './ops/log.ts';
import { StoreMismatchError } from './protocol/errors.ts';
import type { Tracing } from './protocol/tracing.ts';
import type { Attempts } from './redelivery/attempts.ts';
import type { Receipt } from './telemetry.ts';
import { within } from './time/limit.ts';
import { pause, retryUntil } from './time/retry.ts';

/**
 * Milliseconds that a stop waits, twice at most, for the ledger, so that no request is charged with
 * the stop.
 */
const LEDGER_TIMEOUT_MS = 500;
/** Milliseconds in which a stop exports the last spans. */
const TRACES_TIMEOUT_MS = 2_000;
/**
 * Milliseconds in which a stop closes all connections. Against silent peers the limits of the
 * single calls would add up to more.
 */
const CLOSE_TIMEOUT_MS = 5_000;

/** A worker: consumes requests from `start` until `stop`. */
export interface Worker {
  /**
   * Resolves when requests are consumed; waits for broker and database as long as it takes. Rejects
   * with `TopologyMismatchError`, `StoreMismatchError` or `HttpPortUnavailableError`.
   */
  start(): Promise<void>;
  /**
   * Rejects when a started worker cannot go on; with `ConsumerStuckError` where another process may
   * do better.
   */
  readonly failed: Promise<never>;
  readiness(): Promise<Readiness>;
  /** The HTTP port in use, once started. */
  httpPort(): number | undefined;
  /**
   * Stops consuming, finishes the requests in flight and closes everything, within DRAIN_TIMEOUT_MS
   * and five seconds. Idempotent; never rejects.
   */
  stop(): Promise<StopReport>;
}

/** What a stop has done. */
export interface StopReport extends Receipt {
  /** Whether all requests in flight were finished; otherwise some were requeued. */
  readonly drained: boolean;
}

/** What consumes requests and publishes answers. Both connect as soon as they exist. */
export interface Queues {
  readonly consumer: RequestConsumer;
  readonly publisher: Publisher;
}

/** The parts of a worker that its lifecycle starts and stops. */
export interface Parts {
  readonly log: Log;
  readonly store: Store;
  readonly attempts: Attempts;
  readonly tracing?: Tracing | undefined;
  readonly drainTimeoutMs: number;
  /**
   * Aborted when the time to finish the requests in flight is over: everything that retries then
   * abandons them.
   */
  readonly abandoning: AbortController;
  readonly startHttp: () => Promise<HttpEndpoint>;
  readonly openQueues: () => Queues;
  readonly receipt: () => Receipt;
}

/** Starts a worker's parts in order, and stops them in reverse. */
export class WorkerLifecycle implements Worker {
  readonly failed: Promise<never>;
  readonly #parts: Parts;
  readonly #stopping = new AbortController();
  #fail: (error: unknown) => void = () => undefined;
  #http: HttpEndpoint | undefined;
  #queues: Queues | undefined;
  #stopped: Promise<StopReport> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.failed = new Promise((_, reject) => (this.#fail = reject));
    this.failed.catch(() => undefined);
  }

  async start(): Promise<void> {
    this.#http = await this.#parts.startHttp();
    // A stop meanwhile found nothing to close.
    if (this.#stopping.signal.aborted) return this.#http.close();
    await this.#prepareStore();
    if (this.#stopping.signal.aborted) return;
    const { consumer, publisher } = (this.#queues = this.#parts.openQueues());
    Promise.all([publisher.ended, consumer.ended]).catch(this.#fail);
    await Promise.all([publisher.started, consumer.started]);
  }

  async readiness(): Promise<Readiness> {
    const consuming = this.#queues?.consumer.ready ?? false;
    const publishing = this.#queues?.publisher.ready ?? false;
    const database = await this.#parts.store.ping().then(
      () => true,
      () => false,
    );
    const ready = consuming && publishing && database;
    return { ready, checks: { consuming, publishing, database }, reasons: this.#reasons(database) };
  }

  /** Why a connection is lost, where that is known. */
  #reasons(database: boolean): Readonly<Record<string, string>> {
    const troubles = {
      consuming: this.#queues?.consumer.trouble(),
      publishing: this.#queues?.publisher.trouble(),
      database: database ? undefined : this.#parts.store.trouble(),
    };
    return Object.fromEntries(
      Object.entries(troubles).flatMap(([name, why]) => (why === undefined ? [] : [[name, why]])),
    );
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
    const drained = this.#queues === undefined || (await this.#drain(this.#queues.consumer));
    await within(CLOSE_TIMEOUT_MS, 'closing the connections', this.#close()).catch(() => undefined);
    return { drained, ...this.#parts.receipt() };
  }

  async #close(): Promise<void> {
    await Promise.all([this.#queues?.consumer.stop(), this.#queues?.publisher.stop()]);
    await this.#releaseAttempts();
    const { store, tracing } = this.#parts;
    await Promise.all([store.close(), this.#http?.close(), tracing?.close(TRACES_TIMEOUT_MS)]);
  }

  /** Returns whether all requests in flight finished in time; the others are requeued. */
  async #drain(consumer: RequestConsumer): Promise<boolean> {
    const limit = new AbortController();
    const finished = consumer.stopConsuming().then(() => consumer.drained());
    const drained = await Promise.race([
      finished.then(() => true),
      pause(this.#parts.drainTimeoutMs, limit.signal).then(() => false),
    ]);
    limit.abort();
    if (drained) return true;
    this.#parts.abandoning.abort();
    await this.#releaseAttempts();
    consumer.requeueUnsettled();
    return false;
  }

  /** Waits briefly: an unavailable database must not block the stop. */
  async #releaseAttempts(): Promise<void> {
    await within(LEDGER_TIMEOUT_MS, 'the attempt ledger', this.#parts.attempts.release()).catch(() => undefined);
  }

  /**
   * Waits for the database as long as it takes, or until the worker stops. Rejects with
   * `StoreMismatchError`.
   */
  async #prepareStore(): Promise<void> {
    const { log, store } = this.#parts;
    const retryPolicy = retryUntil(this.#stopping.signal);
    for (let failures = 1; !retryPolicy.abandoned(); failures += 1) {
      try {
        return await store.prepare();
      } catch (error) {
        if (error instanceof StoreMismatchError) throw error;
        if (retryPolicy.abandoned()) return;
        const reason = store.unavailableReason(error);
        log.warn('the database is unavailable, retrying', { attempt: failures, reason }, error);
        await retryPolicy.pause(failures);
      }
    }
  }
}
