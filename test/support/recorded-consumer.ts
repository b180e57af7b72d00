import type { ConsumerEvents, Settled } from '../../src/amqp/consumer/consumer-events.ts';
import { Consumer, type ConsumerSettings, type Handler } from '../../src/amqp/consumer/consumer.ts';
import { Publisher } from '../../src/amqp/publisher/publisher.ts';
import type { Delivery } from '../../src/protocol/delivery.ts';

/** A consumer as the worker has one, with all that it took and told. */
export interface RecordedConsumer {
  readonly consumer: Consumer;
  readonly received: readonly Delivery[];
  readonly settled: readonly Settled[];
  /** The events that are not counted elsewhere, by name, with what they carried. */
  readonly told: readonly (readonly [name: string, ...details: unknown[]])[];
  readonly stop: () => Promise<void>;
}

/** For tests that are not about how requests are taken. */
export const nothingToldOfTaking: Pick<ConsumerEvents, 'cautious' | 'charged' | 'stalled' | 'outdated' | 'mismatched'> =
  {
    cautious: () => undefined,
    charged: () => undefined,
    stalled: () => undefined,
    outdated: () => undefined,
    mismatched: () => undefined,
  };

export const acknowledge: Handler = () => Promise.resolve({ kind: 'acknowledge' });

/** Consumes at `url`; dead letters are published at `publishUrl`. Does not wait for the start. */
export function recordedConsumer(
  { url, publishUrl }: { readonly url: string; readonly publishUrl: string },
  settings: Partial<ConsumerSettings> & Pick<ConsumerSettings, 'queue'>,
  handle: Handler = acknowledge,
): RecordedConsumer {
  const received: Delivery[] = [];
  const settled: Settled[] = [];
  const told: (readonly [string, ...unknown[]])[] = [];
  const tell =
    (name: string) =>
    (...details: unknown[]): void =>
      void told.push([name, ...details]);
  const connection = { timeoutMs: 1_000, heartbeatS: 1 };
  const quiet = { lost: () => undefined, restored: () => undefined };
  const publisher = new Publisher(
    { ...connection, urls: [publishUrl] },
    { confirmTimeoutMs: 30_000, prefetch: 10 },
    {
      ...quiet,
      republished: () => undefined,
      open: () => undefined,
    },
  );
  const events: ConsumerEvents = {
    ...quiet,
    delivered: () => undefined,
    settled: (how) => settled.push(how),
    deadLettered: tell('deadLettered'),
    deadLetterHeld: tell('deadLetterHeld'),
    handlerFailed: tell('handlerFailed'),
    cautious: tell('cautious'),
    charged: tell('charged'),
    stalled: (remedy) => told.push(['stalled', remedy]),
    outdated: tell('outdated'),
    mismatched: tell('mismatched'),
  };
  const consumer = new Consumer(
    { ...connection, urls: [url] },
    { prefetch: 10, exitWhenStuckMs: 0, ...settings },
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
  return { consumer, received, settled, told, stop };
}
