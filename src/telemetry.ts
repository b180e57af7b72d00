import type { ConsumerEvents, Settled } from './amqp/consumer/consumer-events.ts';
import type { PublisherEvents } from './amqp/publisher/publisher.ts';
import type { AttemptEvents, DispatchEvents } from './dispatch/events.ts';
import { FlowControl } from './flow-control.ts';
import type { ItemDefectError } from './contacts/repository.ts';
import type { Log } from './ops/log.ts';
import type { Metrics } from './ops/metrics.ts';
import type { Outcome } from './pipeline/record.ts';

/** How many deliveries there were, and what became of them. */
export type Receipt = { readonly delivered: number } & Readonly<Record<Settled, number>>;

/** Turns everything that happens into log lines and counts. */
export interface Telemetry {
  readonly consumer: ConsumerEvents;
  readonly publisher: PublisherEvents;
  readonly dispatch: DispatchEvents & AttemptEvents;
  /** A document among the contacts is none. */
  foreign(why: ItemDefectError): void;
  finished(outcome: Outcome): void;
  /** Whether requests are held back now, by reason. */
  held(): Readonly<Record<string, boolean>>;
  receipt(): Receipt;
}

type Counts = { delivered: number } & Record<Settled, number>;

/** `onHold` is told when no requests should be taken for a time, and when they should be again. */
export function createTelemetry(log: Log, metrics: Metrics, onHold: (held: boolean) => void): Telemetry {
  const counts: Counts = { delivered: 0, acknowledged: 0, 'dead-lettered': 0, 'handed-back': 0, lost: 0 };
  const link = linkEvents(log, metrics);
  const intake = new FlowControl((held, reason) => {
    log.info(held ? 'taking no requests for now' : 'taking requests again', { reason });
    onHold(held);
  });
  return {
    consumer: { ...link, ...settlementEvents(log, metrics, counts), ...takingEvents(log, metrics) },
    publisher: {
      ...link,
      open: (open) => intake.open(open),
      republished: (reason, count) => {
        metrics.republished(reason, count);
        log.warn('messages are published again', { reason, count });
      },
    },
    dispatch: dispatchEvents(log, metrics, intake),
    foreign: (why) => {
      metrics.foreignDocument();
      log.warn('a document among the contacts is none, and is left out', {}, why);
    },
    finished: (outcome) => {
      metrics.request(outcome);
      log.request({ ...outcome, requestId: outcome.referenceId });
    },
    held: () => intake.reasons(),
    receipt: () => ({ ...counts }),
  };
}

function settlementEvents(
  log: Log,
  metrics: Metrics,
  counts: Counts,
): Pick<ConsumerEvents, 'delivered' | 'settled' | 'deadLettered' | 'deadLetterHeld' | 'broken'> {
  return {
    delivered: () => (counts.delivered += 1),
    settled: (how) => {
      counts[how] += 1;
      metrics.settled(how);
      if (how === 'handed-back' || how === 'lost') log.debug('a request goes back to the queue', { reason: how });
    },
    deadLettered: ({ code, referenceId, attempts }) => {
      metrics.deadLettered(code);
      log.warn('a request went to the dead-letter queue', {
        reason: code,
        request_id: referenceId,
        attempt: attempts,
      });
    },
    deadLetterHeld: (outcome, failures) => {
      const reason = `dead letter ${outcome}`;
      metrics.republished(reason, 1);
      log.warn('the dead-letter queue does not take a request, trying again', { reason, attempt: failures });
    },
    broken: (error) => log.error('a delivery was handed back, as its pipeline failed', {}, error),
  };
}

function dispatchEvents(log: Log, metrics: Metrics, intake: FlowControl): DispatchEvents & AttemptEvents {
  return {
    waiting: (change) => intake.waiting(change),
    failing: (change) => intake.failing(change),
    braked: (method, error) => {
      if (error === undefined) log.info('requests of the method are no longer held', { method });
      else log.error('every request of the method fails alike: they are held, not dead-lettered', { method }, error);
    },
    retry: (method, reason, error) => {
      metrics.retried(reason);
      // Each of those that are held tries every few seconds; that they are held was said at once.
      if (reason === 'held') log.debug('execution is tried again', { method, reason }, error);
      else log.warn('execution is tried again', { method, reason }, error);
    },
    uncounted: (error) => {
      metrics.uncounted();
      log.error(
        'the ledger of attempts refuses a call: a request that ends its process may not be found out',
        {},
        error,
      );
    },
  };
}

function takingEvents(
  log: Log,
  metrics: Metrics,
): Pick<ConsumerEvents, 'cautious' | 'charged' | 'standstill' | 'outdated' | 'mismatched'> {
  return {
    cautious: (reason) => {
      metrics.cautious(reason);
      if (reason === undefined) log.info('taking as many requests at a time as before');
      else log.warn('taking one request at a time', { reason });
    },
    charged: (count) => log.warn('a request is started that ended channels or processes, or lay beside one', { count }),
    standstill: (remedy, waiting) => {
      metrics.standstill(remedy);
      log.error('requests wait and none is taken, or none that was taken ends', { reason: remedy, count: waiting });
    },
    mismatched: (error) =>
      log.error('a queue has other arguments than before; no worker will start until it is as it was', {}, error),
    outdated: (queue) =>
      log.warn(
        'the queue has no delivery limit of its own; docs/queue-arguments.md names the policy that gives it one',
        {
          queue,
          argument: 'x-delivery-limit',
        },
      ),
  };
}

function linkEvents(log: Log, metrics: Metrics): Pick<ConsumerEvents, 'lost' | 'restored'> {
  const lost = new Set<string>();
  return {
    lost: (name, reason, failures) => {
      lost.add(name);
      log.warn('link to the broker lost, trying again', { link: name, reason, attempt: failures });
    },
    restored: (name) => {
      if (lost.delete(name)) metrics.reconnected(name);
      log.info('link to the broker is up', { link: name });
    },
  };
}
