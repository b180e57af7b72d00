import { randomInt } from 'node:crypto';

import { majorityQueuesOf } from './amqp/connection/majority-probe.ts';
import { TopologyMismatchError } from './amqp/connection/topology.ts';
import { openConsumer, type RequestConsumer } from './amqp/consumer/consumer-group.ts';
import { ConsumerStuckError } from './amqp/consumer/stall-detector.ts';
import { Publisher } from './amqp/publisher/publisher.ts';
import { replyMessage } from './amqp/wire/messages.ts';
import { decode } from './codec/decode.ts';
import { hasManyElements } from './codec/content-limits.ts';
import { MAX_USUAL_LENGTH } from './codec/document.ts';
import { encode, encodeRows } from './codec/encode.ts';
import { ItemDefectError } from './contacts/repository.ts';
import { Dispatcher } from './dispatch/dispatcher.ts';
import { createRegistry } from './dispatch/registry.ts';
import { FlowControl } from './flow-control.ts';
import { WorkerLifecycle, type Queues, type Worker } from './lifecycle.ts';
import { apiMethods } from './methods/index.ts';
import { openStore, type StoreOptions } from './mongo/store.ts';
import { failureText } from './ops/failure.ts';
import { HttpPortUnavailableError, startHttp } from './ops/http.ts';
import type { Log } from './ops/log.ts';
import { createMetrics, type MetricsSettings } from './ops/metrics.ts';
import { createGuard } from './pipeline/guard.ts';
import { identityOf } from './pipeline/identity.ts';
import { createPipeline, type Stages } from './pipeline/pipeline.ts';
import { createReplyToPolicy } from './pipeline/reply-to-policy.ts';
import { turnsOf } from './pipeline/turns.ts';
import { StoreDefectError } from './protocol/errors.ts';
import { ownQueuesOf } from './protocol/request-queues.ts';
import { Attempts } from './redelivery/attempts.ts';
import type { SpanCounts, Tracing } from './protocol/tracing.ts';
import { FailedBeforeError, ProcessEndedError } from './redelivery/known-results.ts';
import type { Config } from './settings/config.ts';
import { createTelemetry } from './telemetry.ts';
import { retryUntil } from './time/retry.ts';

/** Of one call to the broker, and of its silence. */
const BROKER_LIMITS = { timeoutMs: 5_000, heartbeatS: 10 };
/** Quorum queues confirm within milliseconds; a disk under load takes some hundred. */
const CONFIRM_TIMEOUT_MS = 30_000;
/** The broker takes signed 32-bit numbers. */
const MAX_PRIORITY = 2 ** 31 - 1;
const READINESS_TIMEOUT_MS = 2_000;
const BATCHING = { slotsPerMethod: 2, maxBatch: 128 };

/**
 * Errors whose messages are written in this project and hold no values of a request: a log may
 * contain them.
 */
export const OWN_ERRORS = [
  TopologyMismatchError,
  ConsumerStuckError,
  HttpPortUnavailableError,
  StoreDefectError,
  ItemDefectError,
] as const;

/** What may be replaced or added: the methods, by those of an extended API. */
export interface WorkerOptions {
  readonly methods?: typeof apiMethods;
  /** Records the traces of requests; none are where it is absent. */
  readonly tracing?: Tracing | undefined;
}

/** Builds the worker's parts and wires them. Nothing happens before `start`. */
export function createWorker(config: Config, log: Log, options: WorkerOptions = {}): Worker {
  const { maxAttempts, listMaxPerPage, drainTimeoutMs, httpPort: port } = config;
  const { methods: methodsOf = apiMethods, tracing } = options;
  const foreign = (error: ItemDefectError): void => telemetry.foreign(error);
  const store = openStore(config.mongodbUrl, { ...storeSettings(config), foreign });
  const methods = methodsOf(store.contacts, { listMaxPerPage, encodeRows, leftOut: foreign });

  let queues: Queues | undefined;
  const flow = new FlowControl((paused, cause) => {
    telemetry.paused(paused, cause);
    void queues?.consumer.pause(paused);
  });
  const metrics = createMetrics({
    methods: methods.map(({ name }) => name),
    ...deliveryState(() => queues?.consumer),
    ...lossState(log, tracing),
    intakeHeld: () => flow.reasons(),
    readiness: () => worker.readiness(),
  });
  const telemetry = createTelemetry(log, metrics, tracing);

  const abandoning = new AbortController();
  const retryPolicy = retryUntil(abandoning.signal);
  const events = { ...telemetry.dispatch, waiting: flow.waiting, failing: flow.failing };
  const dispatcher = new Dispatcher(createRegistry(methods), { maxAttempts, ...BATCHING }, retryPolicy, events);
  const attempts = new Attempts(store.attempts, { maxAttempts, retryPolicy, describe, events });

  const openQueues = (): Queues => {
    const { requestQueue: name, prefetch, maxRequestBytes: maxBodyBytes } = config;
    const connection = { urls: config.amqpUrls, tls: config.amqpTls, ...BROKER_LIMITS };
    const confirms = { confirmTimeoutMs: CONFIRM_TIMEOUT_MS, prefetch, probeQueue: majorityQueuesOf(name) };
    const publisher = new Publisher(connection, confirms, { ...telemetry.publisher, open: flow.open });
    const pipeline = createPipeline({
      ...contentStages(config, tracing),
      admit: (start) => attempts.admit(start),
      knows: (method) => dispatcher.knows(method),
      execute: (request, terms) => dispatcher.execute(request, terms),
      publish: (reply) => publisher.publish(replyMessage(reply)),
      report: (report) => telemetry.report(report),
    });
    const receiving = { ...connection, maxBodyBytes };
    const consumer = openConsumer(receiving, consumingSettings(config), pipeline, publisher, telemetry.consumer);
    queues = { consumer, publisher };
    return queues;
  };

  const worker: Worker = new WorkerLifecycle({
    log,
    store,
    attempts,
    tracing,
    drainTimeoutMs,
    abandoning,
    startHttp: () =>
      startHttp({ port, readiness: () => worker.readiness(), readinessTimeoutMs: READINESS_TIMEOUT_MS, metrics }),
    openQueues,
    receipt: () => telemetry.receipt(),
  });
  return worker;
}

function consumingSettings(config: Config): Parameters<typeof openConsumer>[1] {
  const { requestQueue: name, requestQueues: count, prefetch, exitWhenStuckMs } = config;
  const priority = config.consumerPriority === 'ranked' ? randomInt(1, MAX_PRIORITY) : 0;
  return { queues: { name, count }, prefetch, priority, exitWhenStuckMs };
}

function storeSettings({ mongodbTls: tls, retentionSeconds, mongodbSharded: sharded }: Config): StoreOptions {
  return { tls, retentionSeconds, sharded };
}

/** What a scrape reads of log lines and traces. */
function lossState(
  log: Log,
  tracing: Tracing | undefined,
): Pick<MetricsSettings, 'droppedLogLines' | 'spans' | 'exemplars'> {
  return {
    droppedLogLines: () => log.dropped(),
    spans: () => tracing?.counts() ?? NO_SPANS,
    exemplars: tracing !== undefined,
  };
}

const NO_SPANS: SpanCounts = { exported: 0, dropped: { 'queue full': 0, 'export failed': 0 } };

/** What a scrape reads of the deliveries and their queues; nothing before there is a consumer. */
function deliveryState(
  consumer: () => RequestConsumer | undefined,
): Pick<MetricsSettings, 'inFlight' | 'oldestRequestAgeS' | 'queueMessages'> {
  return {
    inFlight: () => consumer()?.inFlight ?? 0,
    oldestRequestAgeS: () => consumer()?.oldestRequestAgeS ?? 0,
    queueMessages: () => consumer()?.depths ?? new Map(),
  };
}

type ContentStages = Pick<Stages, 'guard' | 'identify' | 'decode' | 'encode' | 'describe' | 'tracing'>;

/** The stages that depend on the message and the settings alone. */
function contentStages(config: Config, tracing: Stages['tracing']): ContentStages {
  const { requestQueue: name, requestQueues: count, replyToAllow, maxRequestBytes: maxBytes } = config;
  const ownQueues = ownQueuesOf({ name, count });
  const turns = turnsOf(config);
  return {
    tracing,
    guard: createGuard(createReplyToPolicy(ownQueues, replyToAllow)),
    identify: identityOf,
    decode: (body, contentEncoding, size) => {
      const options = { maxBytes, contentEncoding, size };
      // A refused document has no effect whose order counts. One that may be executed is decoded at once.
      const waits = body.length > MAX_USUAL_LENGTH && hasManyElements(body);
      return waits ? turns.run(() => decode(body, options)) : decode(body, options);
    },
    encode,
    describe,
  };
}

/** What may be recorded of an error: the messages of our own errors hold no values of a request. */
function describe(error: unknown): string {
  return failureText(error, [ProcessEndedError, FailedBeforeError, ...OWN_ERRORS]);
}
