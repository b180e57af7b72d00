import type { ConsumerEvents, Settled } from './amqp/consumer/consumer-events.ts';
import type { PublisherEvents } from './amqp/publisher/publisher.ts';
import type { ItemDefectError } from './contacts/repository.ts';
import type { DispatchEvents } from './dispatch/events.ts';
import type { Log } from './ops/log.ts';
import type { Metrics } from './ops/metrics.ts';
import type { RequestReport } from './protocol/request-report.ts';
import type { Tracing } from './protocol/tracing.ts';
import type { AttemptEvents } from './redelivery/retrying-ledger.ts';

/** How many deliveries there were, and how they were settled. */
export type Receipt = { readonly delivered: number } & Readonly<Record<Settled, number>>;

/** Turns everything that happens into log lines and metrics. Decides nothing. */
export interface Telemetry {
  readonly consumer: ConsumerEvents;
  readonly publisher: Omit<PublisherEvents, 'open'>;
  readonly dispatch: Pick<DispatchEvents, 'retry' | 'circuit'> & Pick<AttemptEvents, 'uncounted'>;
  /** Consumption pauses, or resumes. */
  paused(paused: boolean, cause: string): void;
  /** A document in the collection of contacts is not a contact. */
  foreign(error: ItemDefectError): void;
  /** A request is settled. */
  report(report: RequestReport): void;
  receipt(): Receipt;
}

type Counts = { delivered: number } & Record<Settled, number>;

/** `tracing`: absent where traces are off. */
export function createTelemetry(log: Log, metrics: Metrics, tracing?: Tracing): Telemetry {
  const counts: Counts = { delivered: 0, acknowledged: 0, 'dead-lettered': 0, 'handed-back': 0, lost: 0 };
  const channel = channelEvents(log, metrics);
  return {
    consumer: { ...channel, ...settlementEvents(log, metrics, counts), ...consumptionEvents(log, metrics) },
    publisher: {
      ...channel,
      republished: (reason, count) => {
        metrics.republished(reason, count);
        log.warn('messages are published again', { reason, count });
      },
      majority: (isPresent) => {
        if (isPresent) log.info("the broker's cluster has a majority again");
        else log.warn("the broker's cluster has no majority; answers to quorum queues wait");
      },
      majorityAnswer: (answer) => metrics.majority(answer),
    },
    dispatch: dispatchEvents(log, metrics),
    paused: (paused, cause) => log.info(paused ? 'consumption paused' : 'consumption resumed', { reason: cause }),
    foreign: (error) => {
      metrics.foreignDocument();
      log.warn('a document in the collection of contacts is not a contact, and is left out', {}, error);
    },
    report: (report) => {
      metrics.request(report);
      log.request(report);
      tracing?.record(report);
    },
    receipt: () => ({ ...counts }),
  };
}

function settlementEvents(
  log: Log,
  metrics: Metrics,
  counts: Counts,
): Pick<ConsumerEvents, 'delivered' | 'settled' | 'deadLettered' | 'deadLetterHeld' | 'handlerFailed'> {
  return {
    delivered: () => (counts.delivered += 1),
    settled: (how, ms) => {
      counts[how] += 1;
      metrics.settled(how, ms);
      if (how === 'handed-back' || how === 'lost') log.debug('a request is requeued', { reason: how });
    },
    deadLettered: ({ code, referenceId, attempts }) => {
      metrics.deadLettered(code);
      log.warn('a request was dead-lettered', { reason: code, request_id: referenceId, attempt: attempts });
    },
    deadLetterHeld: (outcome, failures) => {
      const reason = `dead letter ${outcome}`;
      metrics.republished(reason, 1);
      log.warn('the dead-letter queue does not accept a request, retrying', { reason, attempt: failures });
    },
    handlerFailed: (error) => log.error('a delivery was requeued, as its pipeline failed', {}, error),
  };
}

function dispatchEvents(log: Log, metrics: Metrics): Telemetry['dispatch'] {
  return {
    circuit: (method, error) => {
      if (error === undefined) log.info('requests of the method are no longer held', { method });
      else log.error('every request of the method fails alike: they are held, not dead-lettered', { method }, error);
    },
    retry: (method, reason, error) => {
      metrics.retried(reason);
      // Each held request retries every few seconds; that they are held was logged once.
      if (reason === 'held') log.debug('execution is retried', { method, reason }, error);
      else log.warn('execution is retried', { method, reason }, error);
    },
    uncounted: (error) => {
      metrics.uncounted();
      log.error('the attempt ledger rejects a call: a request that ends its process may go unnoticed', {}, error);
    },
  };
}

function consumptionEvents(
  log: Log,
  metrics: Metrics,
): Pick<ConsumerEvents, 'cautious' | 'charged' | 'stalled' | 'handedOver' | 'outdated' | 'mismatched'> {
  return {
    cautious: (reason) => {
      metrics.cautious(reason);
      if (reason === undefined) log.info('consuming with the full prefetch again');
      else log.warn('consuming one request at a time', { reason });
    },
    charged: (count) =>
      log.warn('a request starts that ended channels or processes, or was in flight when one ended', { count }),
    stalled: (remedy, waiting) => {
      metrics.standstill(remedy);
      if (remedy === 'another node')
        return log.warn("the broker's node has no majority, and another has: consuming there");
      log.error('requests wait and none is delivered, or no request in flight ends', {
        reason: remedy,
        count: waiting,
      });
    },
    handedOver: (queue, reason) => log.info('a queue is handed over', { queue, reason }),
    mismatched: (error) =>
      log.error('a queue was recreated with other arguments; no worker starts until they are restored', {}, error),
    outdated: (queue) =>
      log.warn('the queue has no delivery limit; docs/queue-arguments.md names the policy that sets one', {
        queue,
        argument: 'x-delivery-limit',
      }),
  };
}

function channelEvents(log: Log, metrics: Metrics): Pick<ConsumerEvents, 'lost' | 'restored'> {
  const lost = new Set<string>();
  return {
    lost: (name, reason, failures) => {
      lost.add(name);
      metrics.link(name, false);
      log.warn('link to the broker lost, retrying', { link: name, reason, attempt: failures });
    },
    restored: (name) => {
      metrics.link(name, true, lost.delete(name));
      log.info('link to the broker is up', { link: name });
    },
  };
}
