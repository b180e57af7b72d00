import type { ConsumerEvents, Settled } from '../../src/amqp/consumer/consumer-events.ts';
import { Consumer } from '../../src/amqp/consumer/consumer.ts';
import type { ConsumerSettings, Handler } from '../../src/amqp/consumer/consumer-settings.ts';
import { Publisher, type PublisherEvents } from '../../src/amqp/publisher/publisher.ts';
import type { Delivery } from '../../src/protocol/delivery.ts';

/** A consumer like the worker's, which records its deliveries and events. */
export interface RecordedConsumer {
  readonly consumer: Consumer;
  readonly received: readonly Delivery[];
  readonly settled: readonly Settled[];
  /** The events that no other list holds: name and arguments. */
  readonly events: readonly (readonly [name: string, ...details: unknown[]])[];
  readonly stop: () => Promise<void>;
}

/** For tests that are not about the consumer's events. */
export const IGNORED_CONSUMER_EVENTS: Pick<
  ConsumerEvents,
  'cautious' | 'charged' | 'stalled' | 'outdated' | 'mismatched'
> = {
  cautious: () => undefined,
  charged: () => undefined,
  stalled: () => undefined,
  outdated: () => undefined,
  mismatched: () => undefined,
};

/** For tests that are not about the publisher's events. */
export const IGNORED_PUBLISHER_EVENTS: PublisherEvents = {
  lost: () => undefined,
  restored: () => undefined,
  open: () => undefined,
  republished: () => undefined,
  majority: () => undefined,
};

export const acknowledge: Handler = () => Promise.resolve({ kind: 'acknowledge' });

/**
 * Consumes at `url`, or at one of `others` where it has to move; publishes dead letters at
 * `publishUrl`. Does not wait for the start.
 */
export function recordedConsumer(
  {
    url,
    publishUrl,
    others = [],
    timeoutMs = 1_000,
  }: {
    readonly url: string;
    readonly publishUrl: string;
    readonly others?: readonly string[];
    readonly timeoutMs?: number;
  },
  settings: Partial<ConsumerSettings> & Pick<ConsumerSettings, 'queue'>,
  handle: Handler = acknowledge,
): RecordedConsumer {
  const received: Delivery[] = [];
  const settled: Settled[] = [];
  const recorded: (readonly [string, ...unknown[]])[] = [];
  const record =
    (name: string) =>
    (...details: unknown[]): void =>
      void recorded.push([name, ...details]);
  const connection = { timeoutMs, heartbeatS: 1 };
  const publisher = new Publisher(
    { ...connection, urls: [publishUrl] },
    { confirmTimeoutMs: 30_000, prefetch: 10, probeQueue: 'contacts.test.probe' },
    IGNORED_PUBLISHER_EVENTS,
  );
  const events: ConsumerEvents = {
    lost: () => undefined,
    restored: () => undefined,
    delivered: () => undefined,
    settled: (how) => settled.push(how),
    deadLettered: record('deadLettered'),
    deadLetterHeld: record('deadLetterHeld'),
    handedOver: () => undefined,
    handlerFailed: record('handlerFailed'),
    cautious: record('cautious'),
    charged: record('charged'),
    stalled: (remedy) => recorded.push(['stalled', remedy]),
    outdated: record('outdated'),
    mismatched: record('mismatched'),
  };
  const consumer = new Consumer(
    { ...connection, urls: [url, ...others] },
    { prefetch: 10, priority: 0, exitWhenStuckMs: 0, ...settings },
    (delivery) => {
      received.push(delivery);
      return handle(delivery);
    },
    publisher,
    events,
  );
  const stop = async (): Promise<void> => {
    await consumer.stop();
    await publisher.stop();
  };
  return { consumer, received, settled, events: recorded, stop };
}
